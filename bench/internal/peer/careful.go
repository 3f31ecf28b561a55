package peer

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"
)

var careful = Peer{
	Name: Base,
	Lacks: "No order between members that use each other, no bound on a release that hangs, no panics or Goexit passed on after the releases; " +
		"the context of an acquisition ends with Wait, so nothing may keep it.",
	Run: func(ctx context.Context, job Job) error {
		var (
			mu      sync.Mutex
			closers = make([]func(context.Context) error, 0, job.N)
			errs    []error
		)
		open, openCtx := errgroup.WithContext(ctx)
		for i := range job.N {
			open.Go(func() error {
				if err := openCtx.Err(); err != nil {
					return err // a sibling failed: nothing new is opened
				}
				c, err := job.Open(openCtx, i)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					closers = append(closers, c.Close) // also if it is late
					return nil
				}
				if openCtx.Err() == nil || !errors.Is(err, context.Canceled) {
					errs = append(errs, err) // not the noise that the first failure makes
				}
				return err
			})
		}
		err := open.Wait()
		switch {
		case err == nil:
			if err := job.Body(ctx); err != nil {
				errs = append(errs, err)
			}
		case len(errs) == 0: // the caller's context ended
			errs = append(errs, err)
		}
		var release errgroup.Group
		releaseCtx := context.WithoutCancel(ctx)
		for _, closer := range closers {
			release.Go(func() error {
				if err := closer(releaseCtx); err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
				return nil
			})
		}
		_ = release.Wait() // the errors are in errs
		return errors.Join(errs...)
	},
}
