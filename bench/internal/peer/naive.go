package peer

import (
	"context"

	"golang.org/x/sync/errgroup"
)

var naive = Peer{
	Name:   "naive",
	Leaks:  true,
	Serial: true,
	Max:    10_000, // beyond, it is half of careful
	Lacks:  "Leaks what came up when a sibling fails; closes one after another, with the caller's context, cancelled or not; drops the errors of closing.",
	Run: func(ctx context.Context, job Job) error {
		conns := make([]*Conn, job.N)
		g, openCtx := errgroup.WithContext(ctx)
		for i := range conns {
			g.Go(func() (err error) {
				conns[i], err = job.Open(openCtx, i)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for _, c := range conns {
			defer func() { _ = c.Close(ctx) }()
		}
		return job.Body(ctx)
	},
}
