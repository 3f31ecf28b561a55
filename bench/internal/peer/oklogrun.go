package peer

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/oklog/run"
)

var oklogRun = Peer{
	Name:  "oklog-run",
	Max:   10_000, // a million goroutines that are held say nothing more
	Lacks: "Says neither when all are up (here a counter does) nor what else failed: only the first error is returned; a goroutine for each resource while it is held; a Goexit hangs it.",
	Run: func(ctx context.Context, job Job) error {
		var (
			g    run.Group
			left atomic.Int64
			all  = make(chan struct{})
		)
		left.Store(int64(job.N))
		for i := range job.N {
			actor, cancel := context.WithCancel(ctx)
			g.Add(func() error {
				c, err := job.Open(actor, i)
				if err != nil {
					return err
				}
				if left.Add(-1) == 0 {
					close(all)
				}
				<-actor.Done()
				return c.Close(context.WithoutCancel(ctx))
			}, func(error) { cancel() })
		}
		body, cancel := context.WithCancel(ctx)
		g.Add(func() error {
			select {
			case <-all:
			case <-body.Done():
				return body.Err()
			}
			if err := job.Body(body); err != nil {
				return err
			}
			return errDone
		}, func(error) { cancel() })
		if err := g.Run(); !errors.Is(err, errDone) {
			return err
		}
		return nil
	},
}

var errDone = errors.New("done")
