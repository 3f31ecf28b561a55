package peer

import (
	"context"
	"errors"
	"sync"
)

var cleanupSlice = Peer{
	Name:   "cleanup",
	Serial: true,
	Lacks:  "The slice of functions under t.Cleanup: opens and closes one after another; nothing is cancelled or bounded.",
	Run: func(ctx context.Context, job Job) (err error) {
		var c Cleanups
		releaseCtx := context.WithoutCancel(ctx)
		defer func() { err = errors.Join(err, c.Run(releaseCtx)) }()
		for i := range job.N {
			conn, err := job.Open(ctx, i)
			if err != nil {
				return err
			}
			c.Add(conn.Close)
		}
		return job.Body(ctx)
	},
}

// Cleanups is a slice of functions that run newest first, as testing's does: each is
// taken out under the lock and called outside it, and a panic does not stop the others.
type Cleanups struct {
	mu    sync.Mutex
	funcs []func(context.Context) error
}

// Add adds a function.
func (c *Cleanups) Add(f func(context.Context) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.funcs = append(c.funcs, f)
}

// Run runs the functions and joins their errors.
func (c *Cleanups) Run(ctx context.Context) (err error) {
	var errs []error
	done := false
	defer func() {
		if !done { // a panic goes on after the others have run
			_ = c.Run(ctx)
		}
	}()
	for {
		c.mu.Lock()
		n := len(c.funcs) - 1
		if n < 0 {
			c.mu.Unlock()
			break
		}
		f := c.funcs[n]
		c.funcs[n] = nil
		c.funcs = c.funcs[:n]
		c.mu.Unlock()
		if err := f(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	done = true
	return errors.Join(errs...)
}
