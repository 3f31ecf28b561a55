package exitpool_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheDeathOfAWinnerForcesTheExit(t *testing.T) { // F1, F2, R12
	bubble(t, func(t *testing.T) {
		for _, end := range []string{"task", "Cancel", "task at Exit"} {
			die := make(chan struct{})
			var conn *exitpool.ExitStack
			err := exitpool.Use(t.Context(), exitpool.Race(func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				conn = s
				s.Go(func(ctx context.Context) error {
					select {
					case <-die:
					case <-ctx.Done():
						if end != "task at Exit" {
							return nil
						}
					}
					return errBoom
				})
				return 1, nil
			}), func(ctx context.Context, _ int) error {
				switch end {
				case "task":
					close(die)
					<-ctx.Done()
				case "Cancel":
					conn.Cancel(errBoom)
					<-ctx.Done()
				}
				return nil
			})
			assert.ErrorIs(t, err, errBoom, end)
		}
	})
}

func TestAnEnterInFlightOnAMembersStackIsWaitedFor(t *testing.T) { // R12
	bubble(t, func(t *testing.T) {
		for _, fails := range []bool{false, true} {
			var j journal
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					s.Defer(j.release("member"))
					go exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
						<-ctx.Done()
						time.Sleep(time.Second)
						s.Defer(j.release("inner"))
						return 1, nil
					})
					synctest.Wait()
					if fails {
						return 0, errBoom
					}
					return 1, nil
				})
				return p.Wait(ctx)
			})
			assert.Equal(t, fails, err != nil)
			assert.Equal(t, []string{"release inner", "release member"}, j.all())
		}
	})
}

func TestAPoolThatIsBeingClosedKeepsItsPlace(t *testing.T) { // R4
	bubble(t, func(t *testing.T) {
		var j journal
		s, ctx := exitpool.NewStack(t.Context())
		s.Defer(j.release("db"))
		p := s.Pool(ctx)
		p.Defer(func(context.Context) error { time.Sleep(time.Hour); j.add("release user of db"); return nil })
		go p.Close()
		synctest.Wait()
		for range 20 {
			s.Defer(func(context.Context) error { return nil })
		}
		require.NoError(t, s.Close())
		assert.Equal(t, []string{"release user of db", "release db"}, j.all())
	})
}

func TestCancelInsideAfterTheOuterExitHasBegunChangesNothing(t *testing.T) { // F1
	bubble(t, func(t *testing.T) {
		var seen events
		var conn *exitpool.ExitStack
		err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			_, err := exitpool.Enter(ctx, s, exitpool.Gather(func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				conn = s
				return 1, nil
			}))
			p := s.Pool(ctx)
			optional := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (*exitpool.ExitStack, error) { return s, nil }, exitpool.Optional())
			require.NoError(t, p.Wait(ctx))
			s.Defer(func(context.Context) error {
				conn.Cancel(errBoom) // its own close handler
				p.Cancel(errOther)
				optional.Value().Cancel(errBody)
				return nil
			})
			return err
		}, exitpool.Observe(seen.observe))
		assert.NoError(t, err)
		assert.Equal(t, []error{errBoom, errOther, errBody}, seen.errs())
	})
}

func TestAMemberMayGetFromTwoGoroutinesUnderALimit(t *testing.T) { // D5, section 7
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var j journal
		require.NoError(t, exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
			ready, began, second := make(chan struct{}), make(chan struct{}), make(chan struct{})
			var a, b *exitpool.Entry[string]
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				<-ready
				var wg sync.WaitGroup
				errs := make([]error, 2)
				wg.Go(func() { _, errs[0] = a.Get(ctx) })
				wg.Go(func() { <-began; <-second; _, errs[1] = b.Get(ctx) })
				wg.Wait()
				return 1, errors.Join(errs...)
			})
			a = exitpool.Start(p, j.resource("a", time.Second))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				close(began)
				return 0, sleep(ctx, time.Minute)
			})
			close(ready)
			<-began
			synctest.Wait()
			b = exitpool.Start(p, j.resource("b", time.Second))
			close(second)
			return p.Wait(ctx)
		}, exitpool.Limit(1)))
	})
}

func TestEnterOnAnotherStackCountsAsInsideTheMember(t *testing.T) { // D3, D5, D7
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		outer, ctx := exitpool.NewStack(ctx)
		err := exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				return exitpool.Enter(ctx, outer, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return 1, p.Wait(ctx) })
			})
			return p.Wait(ctx)
		})
		assert.ErrorIs(t, err, exitpool.ErrCycle)
		var j journal
		require.NoError(t, exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
			var db *exitpool.Entry[string]
			ready := make(chan struct{})
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				s.Defer(j.release("user"))
				return exitpool.Enter(ctx, outer, func(ctx context.Context, s *exitpool.ExitStack) (string, error) { <-ready; return db.Get(ctx) })
			})
			db = exitpool.Start(p, j.resource("db", time.Second))
			close(ready)
			return p.Wait(ctx)
		}, exitpool.Limit(1)))
		assert.Equal(t, []string{"acquire db", "release user", "release db"}, j.all())
		require.NoError(t, outer.Close())
	})
}

func TestEnterIsCancelledWithTheScopeWhateverItsContext(t *testing.T) { // C2, R12
	bubble(t, func(t *testing.T) {
		slow := (&journal{}).resource("slow", time.Hour)
		caller, cancel := context.WithCancelCause(t.Context())
		s, _ := exitpool.NewStack(caller)
		go func() { time.Sleep(time.Second); cancel(errBoom) }()
		took := elapsed(func() {
			_, err := exitpool.Enter(t.Context(), s, slow)
			assert.ErrorIs(t, err, errBoom)
			assert.ErrorIs(t, err, context.Canceled)
		})
		assert.Equal(t, time.Second, took)
		require.NoError(t, s.Close())

		took = elapsed(func() {
			require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
					return exitpool.Enter(context.WithoutCancel(ctx), s, slow)
				})
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
					return exitpool.Start(s.Pool(context.WithoutCancel(ctx)), slow).Get(context.WithoutCancel(ctx))
				})
				synctest.Wait()
				return nil
			}))
		})
		assert.Zero(t, took)
	})
}

func TestEnterAfterExitGivesErrClosedThoughItsContextHasEnded(t *testing.T) { // R6
	s, ctx := exitpool.NewStack(t.Context())
	assert.Equal(t, errBody, s.Exit(errBody))
	_, err := exitpool.Enter(ctx, s, value(1))
	assert.Equal(t, exitpool.ErrClosed, err)
}

func TestReleaseOfAQueuedMemberWaitsForNobody(t *testing.T) { // R10, B1
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Limit(1))
		exitpool.Start(p, j.resource("a", time.Hour))
		b := exitpool.Start(p, j.resource("b", 0))
		c := exitpool.Start(p, j.resource("c", 0))
		synctest.Wait()
		assert.Zero(t, elapsed(func() {
			assert.NoError(t, b.Release())
			_, err := b.Get(ctx)
			assert.Equal(t, exitpool.ErrReleased, err)
			assert.NoError(t, c.Release())
		}))
		require.NoError(t, p.Wait(ctx))
		require.NoError(t, p.Close())
		assert.Equal(t, []string{"acquire a", "release a"}, j.all())
	})
}

func TestAPoolOnAForcedStackAcquiresNothing(t *testing.T) { // C6, F4
	never := func(context.Context, *exitpool.ExitStack) (int, error) { t.Error("acquired"); return 0, nil }
	for _, cause := range []error{nil, errBoom} {
		for _, derived := range []bool{true, false} {
			err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
				s.Cancel(cause)
				if !derived {
					ctx = context.WithoutCancel(ctx)
				}
				_, err := exitpool.Start(s.Pool(ctx), never).Get(t.Context())
				assert.Error(t, err)
				return nil
			})
			assert.True(t, err == cause, "%v", err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errOther)
	err := exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
		exitpool.Start(s.Pool(context.WithoutCancel(ctx)), never)
		return nil
	})
	assert.ErrorIs(t, err, errOther)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestWhatAnEarlyReleaseAbandonsIsToldToItsCaller(t *testing.T) { // B3, R10
	bubble(t, func(t *testing.T) {
		stuck := make(chan struct{})
		hangs := func(context.Context) error { <-stuck; return nil }
		var abandoned *exitpool.AbandonedError
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Abandon(time.Second))
		acquiring := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(hangs)
			<-ctx.Done()
			return 1, nil
		})
		held := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { s.Defer(hangs); return 1, nil })
		_, err := held.Get(ctx)
		require.NoError(t, err)
		assert.ErrorAs(t, held.Release(), &abandoned)
		assert.ErrorAs(t, acquiring.Release(), &abandoned)
		require.NoError(t, p.Close())
		s, ctx := exitpool.NewStack(t.Context(), exitpool.Abandon(time.Second))
		_, err = exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { s.Defer(hangs); return 0, errBoom })
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorAs(t, err, &abandoned)
		require.NoError(t, s.Close())
		close(stuck)
	})
}

func TestALaterExitAfterAGoexitOfTheBodyReturnsErrGoexit(t *testing.T) { // E6
	var s *exitpool.ExitStack
	var p *exitpool.ExitPool
	assert.True(t, call(func() error {
		return exitpool.WithStack(t.Context(), func(_ context.Context, scope *exitpool.ExitStack) error { s = scope; runtime.Goexit(); return nil })
	}).goexit)
	assert.True(t, call(func() error {
		return exitpool.WithPool(t.Context(), func(_ context.Context, scope *exitpool.ExitPool) error { p = scope; runtime.Goexit(); return nil })
	}).goexit)
	assert.Equal(t, exitpool.ErrGoexit, s.Close())
	assert.Equal(t, exitpool.ErrGoexit, p.Close())
}

func TestACircleBetweenTwoPoolsOfOneStackIsFound(t *testing.T) { // D3
	bubble(t, func(t *testing.T) {
		for _, first := range []string{"a", "b", "nested"} {
			err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
				p, q := s.Pool(ctx), s.Pool(ctx)
				var a, b *exitpool.Entry[int]
				ready := make(chan struct{})
				pause := func(name string) {
					<-ready
					if name != first {
						time.Sleep(time.Second)
					}
				}
				a = exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					pause("a")
					if first == "nested" {
						vs, err := exitpool.Enter(ctx, s, exitpool.Gather(func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return b.Get(ctx) }))
						return len(vs), err
					}
					return b.Get(ctx)
				}, exitpool.Name("a"))
				c := exitpool.Start(q, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { pause("c"); return a.Get(ctx) }, exitpool.Name("c"))
				b = exitpool.Start(q, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { pause("b"); return c.Get(ctx) }, exitpool.Name("b"))
				close(ready)
				return p.Wait(ctx)
			})
			assert.ErrorIs(t, err, exitpool.ErrCycle, first)
		}
	})
}

func TestReleaseIsRefusedThoughTheUserIsInAnotherPool(t *testing.T) { // R10, D7
	bubble(t, func(t *testing.T) {
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			n := exitpool.Start(p, value(1))
			return exitpool.WithPool(t.Context(), func(ctx context.Context, q *exitpool.ExitPool) error {
				user := exitpool.Start(q, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return n.Get(ctx) })
				require.NoError(t, q.Wait(ctx))
				assert.Equal(t, exitpool.ErrInUse, n.Release())
				require.NoError(t, user.Release())
				return n.Release()
			})
		}))
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			outer := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (*exitpool.Entry[int], error) {
				return exitpool.Start(s.Pool(ctx), value(1)), nil
			})
			inner, err := outer.Get(ctx)
			require.NoError(t, err)
			user := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return inner.Get(ctx) })
			require.NoError(t, p.Wait(ctx))
			assert.Equal(t, exitpool.ErrInUse, inner.Release())
			require.NoError(t, user.Release())
			return inner.Release()
		}))
	})
}
