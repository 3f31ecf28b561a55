package cookbook

import (
	"context"
	"errors"
	"sync"

	"github.com/exitpool/exitpool"
	"golang.org/x/sync/errgroup"
)

// Opener is a constructor as many packages have one; what it returns must be closed.
type Opener func(context.Context) (*Closer, error)

// WithErrgroup is how a careful engineer opens several things together: a lock, a
// list of what came up, and a second group that closes it under a context of its own.
func WithErrgroup(ctx context.Context, open []Opener, body func(context.Context, []*Closer) error) (err error) {
	var mu sync.Mutex
	var opened []*Closer
	defer func() {
		var g errgroup.Group
		errs := make([]error, len(opened))
		for i, c := range opened {
			g.Go(func() error { errs[i] = c.Close(context.WithoutCancel(ctx)); return nil })
		}
		g.Wait()
		err = errors.Join(append([]error{err}, errs...)...)
	}()
	values := make([]*Closer, len(open))
	g, gctx := errgroup.WithContext(ctx)
	for i, open := range open {
		g.Go(func() error {
			c, err := open(gctx)
			if err != nil {
				return err
			}
			mu.Lock()
			opened = append(opened, c)
			mu.Unlock()
			values[i] = c
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return body(ctx, values)
}

// WithExitpool does the same. Besides, a panic and runtime.Goexit release everything
// too, errors carry names, and a context that was given to open lives until Close.
func WithExitpool(ctx context.Context, open []Opener, body func(context.Context, []*Closer) error) error {
	var rs []exitpool.Resource[*Closer]
	for _, open := range open {
		rs = append(rs, exitpool.AcquireRelease(open, func(ctx context.Context, c *Closer) error { return c.Close(ctx) }))
	}
	return exitpool.Use(ctx, exitpool.Gather(rs...), body)
}
