package peer

import (
	"context"
	"errors"
	"sync"

	"github.com/sourcegraph/conc/pool"
)

var concPool = Peer{
	Name:  "conc",
	Max:   10_000, // beyond, it is careful with more to collect
	Lacks: "Knows nothing of release: the list of closers, the second pool and the shielded context are by hand, as in careful; joins n copies of context.Canceled.",
	Run: func(ctx context.Context, job Job) error {
		var mu sync.Mutex
		closers := make([]func(context.Context) error, 0, job.N)
		open := pool.New().WithContext(ctx).WithCancelOnError()
		for i := range job.N {
			open.Go(func(ctx context.Context) error {
				c, err := job.Open(ctx, i)
				if err != nil {
					return err
				}
				mu.Lock()
				closers = append(closers, c.Close)
				mu.Unlock()
				return nil
			})
		}
		err := open.Wait()
		if err == nil {
			err = job.Body(ctx)
		}
		release := pool.New().WithContext(context.WithoutCancel(ctx))
		for _, closer := range closers {
			release.Go(closer)
		}
		return errors.Join(err, release.Wait())
	},
}
