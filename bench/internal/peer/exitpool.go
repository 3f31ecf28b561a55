package peer

import (
	"context"

	"github.com/exitpool/exitpool"
)

var exitpoolStart = Peer{
	Name:  Exitpool,
	Lacks: "—",
	Run: func(ctx context.Context, job Job) error {
		return exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
			for i := range job.N {
				exitpool.Start(p, opening(job, i))
			}
			if err := p.Wait(ctx); err != nil {
				return err
			}
			return job.Body(ctx)
		})
	},
}

var exitpoolGather = Peer{
	Name:  "gather",
	Max:   10_000, // beyond, it is the pool with a longer slice of values
	Lacks: "— (exitpool's Gather)",
	Run: func(ctx context.Context, job Job) error {
		rs := make([]exitpool.Resource[*Conn], job.N)
		for i := range rs {
			rs[i] = opening(job, i)
		}
		return exitpool.Use(ctx, exitpool.Gather(rs...), func(ctx context.Context, _ []*Conn) error {
			return job.Body(ctx)
		})
	},
}

func opening(job Job, i int) exitpool.Resource[*Conn] {
	open := job.Open
	return func(ctx context.Context, s *exitpool.ExitStack) (*Conn, error) {
		c, err := open(ctx, i)
		if err != nil {
			return nil, err
		}
		s.Defer(c.Close)
		return c, nil
	}
}
