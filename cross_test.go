package exitpool_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
)

// A crossing is one way in which one part of a scope ends: every way, at every
// place, in every member, in every kind of scope.
type crossing struct {
	how    string // returns, error, panic, Goexit, cancelled
	place  string // acquire, body, task, release
	member int    // first, middle, last of three
	scope  string
}

func TestEveryWayToEndAtEveryPlaceInEveryScope(t *testing.T) { // R1, R3, C6, F2, F3, E1, E2, E6
	for _, how := range []string{"returns", "error", "panic", "Goexit", "cancelled"} {
		for _, place := range []string{"acquire", "body", "task", "release"} {
			for member := range 3 {
				for _, scope := range []string{"stack", "pool", "pool in stack", "stack in pool"} {
					c := crossing{how, place, member, scope}
					t.Run(fmt.Sprintf("%s/%s/%d/%s", how, place, member, scope), func(t *testing.T) {
						bubble(t, c.test)
					})
				}
			}
		}
	}
}

// A passage is what happens in one crossing.
type passage struct {
	crossing
	cancel     context.CancelCauseFunc // of the caller's context
	die        chan struct{}           // lets the task end
	mu         sync.Mutex
	registered map[string]int
	released   map[string]int
}

func (c crossing) test(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	r := &passage{crossing: c, cancel: cancel, die: make(chan struct{}), registered: map[string]int{}, released: map[string]int{}}
	e := call(func() error { return r.inScope(ctx) })

	// What was registered is released once, whatever happened.
	assert.NotEmpty(t, r.registered)
	assert.Equal(t, r.registered, r.released)
	for name, n := range r.registered {
		assert.Equal(t, 1, n, name)
	}
	// The end is that of the one part that did not simply return.
	switch {
	case c.how == "returns", c.how == "cancelled" && c.place == "task":
		assert.Equal(t, end{}, e)
	case c.how == "error" && c.place == "body":
		assert.True(t, e.err == errBoom, "as it is: %v", e.err)
	case c.how == "error":
		assert.ErrorIs(t, e.err, errBoom)
		assert.Nil(t, e.panic)
	case c.how == "panic" && c.place == "body":
		assert.Equal(t, errBoom, e.panic, "its own value")
	case c.how == "panic":
		assert.Equal(t, errBoom, asPanic(t, e.panic).Value)
	case c.how == "Goexit":
		assert.True(t, e.goexit, "%+v", e)
	case c.place == "release":
		assert.ErrorIs(t, e.err, context.Canceled, "a release's context is alive: it used a dead one")
	default:
		assert.ErrorIs(t, e.err, context.Canceled)
		assert.ErrorIs(t, e.err, errOther, "the caller's cause")
	}
}

// happens ends a part of the scope, if that is the one.
func (r *passage) happens(ctx context.Context, place string, member int) error {
	if place != r.place || member != r.member {
		return nil
	}
	switch r.how {
	case "error":
		return errBoom
	case "panic":
		panic(errBoom)
	case "Goexit":
		runtime.Goexit()
	case "cancelled":
		switch place {
		case "release":
			return context.Canceled
		case "task":
			<-ctx.Done()
			return ctx.Err()
		}
		r.cancel(errOther)
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (r *passage) resource(i int) exitpool.Resource[int] {
	return func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		for _, name := range []string{"older", "newer"} {
			name = fmt.Sprint(i, name)
			s.Defer(func(ctx context.Context) error {
				r.mu.Lock()
				r.released[name]++
				r.mu.Unlock()
				if name == fmt.Sprint(i, "newer") {
					return r.happens(ctx, "release", i)
				}
				return nil
			})
			r.mu.Lock()
			r.registered[name]++
			r.mu.Unlock()
		}
		s.Go(func(ctx context.Context) error {
			select {
			case <-r.die:
			case <-ctx.Done():
			}
			return r.happens(ctx, "task", i)
		})
		return i, r.happens(ctx, "acquire", i)
	}
}

func (r *passage) body(ctx context.Context) error {
	if err := r.happens(ctx, "body", r.member); err != nil {
		return err
	}
	if r.place == "task" {
		close(r.die)
		if r.how != "returns" && r.how != "cancelled" {
			<-ctx.Done()
			return ctx.Err()
		}
	}
	return nil
}

func (r *passage) enterAll(ctx context.Context, s *exitpool.ExitStack) error {
	for i := range 3 {
		if _, err := exitpool.Enter(ctx, s, r.resource(i)); err != nil {
			return err
		}
	}
	return nil
}

func (r *passage) startAll(ctx context.Context, p *exitpool.ExitPool) error {
	for i := range 3 {
		exitpool.Start(p, r.resource(i))
	}
	return p.Wait(ctx)
}

func (r *passage) inScope(ctx context.Context) error {
	switch r.scope {
	case "stack":
		return exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
			if err := r.enterAll(ctx, s); err != nil {
				return err
			}
			return r.body(ctx)
		})
	case "pool":
		return exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
			if err := r.startAll(ctx, p); err != nil {
				return err
			}
			return r.body(ctx)
		})
	case "pool in stack":
		return exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
			if err := r.startAll(ctx, s.Pool(ctx)); err != nil {
				return err
			}
			return r.body(ctx)
		})
	default:
		return exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return 0, r.enterAll(ctx, s) })
			if err := p.Wait(ctx); err != nil {
				return err
			}
			return r.body(ctx)
		})
	}
}
