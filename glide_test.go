package exitpool_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ways are those in which a release can end badly.
var ways = map[string]func() error{
	"error":  func() error { return errBoom },
	"panic":  func() error { panic(errBoom) },
	"goexit": func() error { runtime.Goexit(); return nil },
}

func TestWhatABadReleaseRegistersIsToldOfItAndRunsNext(t *testing.T) { // R6, X1
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var j journal
				r := func(_ context.Context, s *exitpool.ExitStack) (int, error) {
					s.Defer(j.release("oldest"))
					s.Push(func(_ context.Context, cause error) error {
						j.add("older: %t", isBad(cause, name))
						return nil
					})
					s.Defer(func(context.Context) error {
						s.Push(func(_ context.Context, cause error) error {
							j.add("registered: %t", isBad(cause, name))
							return nil
						})
						return way()
					})
					s.Defer(j.release("newest"))
					return 0, nil
				}
				ends := make(chan struct{})
				exit := func(f func()) {
					go func() {
						defer close(ends)
						defer func() { recover() }()
						f()
					}()
					<-ends
					ends = make(chan struct{})
					want := []string{"release newest", "registered: true", "older: true", "release oldest"}
					assert.Equal(t, want, j.all())
					j.lines = nil
				}
				exit(func() { // a stack
					var s exitpool.ExitStack
					r(t.Context(), &s)
					s.Close()
				})
				exit(func() { // a member of one
					var s exitpool.ExitStack
					exitpool.Enter(t.Context(), &s, r)
					s.Close()
				})
				exit(func() { // a member of a pool
					var p exitpool.ExitPool
					exitpool.Start(&p, r)
					p.Wait(t.Context())
					p.Close()
				})
				exit(func() { // one that is released early
					var p exitpool.ExitPool
					defer p.Close()
					e := exitpool.Start(&p, r)
					_, err := e.Get(t.Context())
					require.NoError(t, err)
					e.Release()
				})
			})
		})
	}
}

func TestTheGraceForcesWhatIsBeingReleasedAndWhatBeginsLater(t *testing.T) { // B2, C2
	bubble(t, func(t *testing.T) {
		var provider context.Context
		start := time.Now()
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			d := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				provider = ctx
				s.Defer(func(release context.Context) error {
					assert.Equal(t, exitpool.ErrGrace, context.Cause(ctx), "the lifetime")
					assert.Equal(t, exitpool.ErrGrace, context.Cause(release))
					return nil // it only began after the grace
				})
				return 0, nil
			}, exitpool.Name("provider"))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error {
					<-ctx.Done()
					assert.Equal(t, time.Second, time.Since(start))
					assert.Equal(t, exitpool.ErrGrace, context.Cause(ctx))
					assert.NoError(t, provider.Err(), "it is used still")
					return nil
				})
				s.Defer(func(context.Context) error { return nil })
				return d.Get(ctx)
			}, exitpool.Name("user"))
			return p.Wait(ctx)
		}, exitpool.Grace(time.Second))
		assert.ErrorIs(t, err, exitpool.ErrGrace)
		assert.ErrorContains(t, err, "release user: ")
		assert.NotContains(t, err.Error(), "provider")
	})
}

// isBad reports whether cause says that a release ended in that way.
func isBad(cause error, way string) bool {
	switch e := cause.(type) {
	case *exitpool.PanicError:
		return way == "panic" && e.Value == errBoom
	case *exitpool.OpError:
		return way == "error" && e.Err == errBoom
	default:
		return way == "goexit" && cause == exitpool.ErrGoexit
	}
}

func TestALateRegistrationOnAMemberIsToldWhyItWasReleased(t *testing.T) { // R6, X1
	inside := func(to **exitpool.ExitStack) exitpool.Resource[int] {
		return func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			*to = s
			s.Defer(func(context.Context) error { return nil })
			return 0, nil
		}
	}
	var entered, started *exitpool.ExitStack
	for _, want := range []error{nil, errBody} {
		err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			_, err := exitpool.Enter(ctx, s, inside(&entered))
			require.NoError(t, err)
			return want
		})
		assert.Equal(t, want, err)
		err = exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, inside(&started))
			require.NoError(t, p.Wait(ctx))
			return want
		})
		assert.Equal(t, want, err)
		for _, s := range []*exitpool.ExitStack{entered, started} {
			told := errOther
			s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
			assert.Equal(t, want, told)
		}
	}
}

func TestWhatAReleaseRegistersRunsNewestFirstBeforeWhatIsOlder(t *testing.T) { // R6, R4
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			var j journal
			var s exitpool.ExitStack
			s.Defer(j.release("a"))
			s.Defer(j.release("b"))
			s.Defer(func(context.Context) error {
				j.add("release c")
				s.Defer(j.release("x"))
				s.Defer(func(context.Context) error {
					s.Defer(j.release("z"))
					j.add("release y")
					return way()
				})
				return nil
			})
			s.Defer(j.release("d"))
			e := call(s.Close)
			assert.True(t, e.err != nil || e.panic != nil || e.goexit)
			assert.Equal(t, []string{"release d", "release c", "release y", "release z", "release x", "release b", "release a"}, j.all())
		})
	}
}

func TestOthersMayRegisterWhileAStackGlidesOut(t *testing.T) { // R1, R6
	for range 50 {
		var ran, registered atomic.Int64
		count := func(context.Context) error { ran.Add(1); return nil }
		var s exitpool.ExitStack
		for range 20 {
			s.Defer(count)
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for range 100 {
					s.Defer(count)
					registered.Add(1)
				}
			})
		}
		require.NoError(t, s.Close())
		wg.Wait()
		assert.Equal(t, 20+registered.Load(), ran.Load())
	}
}
