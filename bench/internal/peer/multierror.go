package peer

import (
	"context"
	"sync"

	"github.com/hashicorp/go-multierror"
)

var multierrorGroup = Peer{
	Name:  "go-multierror",
	Max:   10_000, // beyond, it is careful with more to collect
	Lacks: "Cancels nothing when one fails, and has no context; knows nothing of release: the list of closers and the second Group are by hand.",
	Run: func(ctx context.Context, job Job) error {
		var mu sync.Mutex
		closers := make([]func(context.Context) error, 0, job.N)
		var open, release multierror.Group
		for i := range job.N {
			open.Go(func() error {
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
		errs := open.Wait()
		if errs.ErrorOrNil() == nil {
			if err := job.Body(ctx); err != nil {
				errs = multierror.Append(errs, err)
			}
		}
		releaseCtx := context.WithoutCancel(ctx)
		for _, closer := range closers {
			release.Go(func() error { return closer(releaseCtx) })
		}
		if err := release.Wait().ErrorOrNil(); err != nil {
			errs = multierror.Append(errs, err)
		}
		return errs.ErrorOrNil()
	},
}
