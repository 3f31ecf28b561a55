package exitpool_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type key string

func TestAReleaseIsShieldedFromTheCallersCancellation(t *testing.T) { // C1, C7, section 7: cleanup with a dead context
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key("k"), "v"), time.Minute)
		var ran atomic.Int32
		check := func(ctx context.Context) error {
			ran.Add(1)
			assert.NoError(t, ctx.Err())
			assert.Equal(t, "v", ctx.Value(key("k")))
			_, ok := ctx.Deadline()
			assert.False(t, ok)
			return nil
		}
		err := exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(check)
			p := s.Pool(ctx)
			p.Defer(check)
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { s.Defer(check); return 0, nil })
			require.NoError(t, p.Wait(ctx))
			_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { s.Defer(check); return 0, nil })
			require.NoError(t, err)
			cancel()
			return nil
		})
		require.NoError(t, err)
		assert.EqualValues(t, 4, ran.Load())
	})
}

func TestTheLifetimeContextOutlivesForcedExitAndEndsAfterTheRelease(t *testing.T) { // C2
	bubble(t, func(t *testing.T) {
		caller, cancel := context.WithTimeout(t.Context(), time.Hour)
		var life []context.Context
		alive := func(when string) {
			for _, ctx := range life {
				assert.NoError(t, ctx.Err(), when)
				_, ok := ctx.Deadline()
				assert.False(t, ok, "no deadline once acquired")
			}
		}
		r := func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			_, ok := ctx.Deadline()
			assert.True(t, ok, "the caller's deadline while acquiring")
			derived, stop := context.WithCancel(context.WithValue(ctx, key("k"), 1))
			life = append(life, ctx, derived)
			s.Defer(func(context.Context) error {
				assert.NoError(t, ctx.Err(), "in the release")
				assert.NoError(t, derived.Err(), "in the release")
				stop()
				return nil
			})
			return 0, nil
		}
		err := exitpool.WithStack(caller, func(ctx context.Context, s *exitpool.ExitStack) error {
			p := s.Pool(ctx)
			exitpool.Start(p, r)
			require.NoError(t, p.Wait(ctx))
			_, err := exitpool.Enter(ctx, s, r)
			require.NoError(t, err)
			alive("held")
			cancel()
			synctest.Wait()
			alive("after the caller's cancellation")
			s.Cancel(errBoom)
			synctest.Wait()
			alive("after the forced exit")
			return nil
		})
		assert.Equal(t, errBoom, err)
		for _, ctx := range life {
			assert.Equal(t, context.Canceled, ctx.Err())
		}
	})
}

func TestAnAcquisitionIsCancelledWithTheFirstFailureAsCause(t *testing.T) { // C2
	bubble(t, func(t *testing.T) {
		var cause, derivedCause error
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				derived, cancel := context.WithCancel(context.WithValue(ctx, key("a"), 1))
				defer cancel()
				<-derived.Done()
				cause, derivedCause = context.Cause(ctx), context.Cause(derived)
				return 0, derived.Err()
			})
			exitpool.Start(p, failing(time.Second, errBoom), exitpool.Name("bad"))
			return p.Wait(ctx)
		})
		assert.EqualError(t, err, "acquire bad: boom")
		assert.True(t, cause == err)
		assert.True(t, derivedCause == err)
	})
}

func TestAContextManagerKeepsItsContextAfterYield(t *testing.T) { // C3
	bubble(t, func(t *testing.T) {
		var j journal
		vm := func(name string, back error) exitpool.Resource[string] {
			return exitpool.ContextManager(func(ctx context.Context, yield func(string) error) error {
				j.add("start %s", name)
				cause := yield(name)
				assert.NoError(t, ctx.Err())
				j.add("stop %s: %v", name, cause)
				if back == errBody {
					return cause
				}
				return back
			})
		}
		use := func(r exitpool.Resource[string], body error) error {
			return exitpool.Use(t.Context(), r, func(context.Context, string) error { return body })
		}
		assert.NoError(t, use(vm("a", nil), nil))
		assert.Equal(t, errOther, use(vm("b", nil), errOther))
		assert.Equal(t, errOther, use(vm("c", errBody), errOther))
		assert.NoError(t, use(vm("d", exitpool.Suppress), errOther))
		err := use(vm("e", errBoom), errOther)
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorIs(t, err, errOther)
		assert.Equal(t, []string{"start a", "stop a: <nil>", "start b", "stop b: other", "start c", "stop c: other",
			"start d", "stop d: other", "start e", "stop e: other"}, j.all())
	})
}

func TestAContextManagerMustYieldOnce(t *testing.T) { // C3
	bubble(t, func(t *testing.T) {
		use := func(f func(ctx context.Context, yield func(int) error) error) end {
			return call(func() error {
				return exitpool.Use(t.Context(), exitpool.ContextManager(f), func(context.Context, int) error { return nil })
			})
		}
		never := use(func(context.Context, func(int) error) error { return nil })
		assert.ErrorContains(t, never.err, "without having yielded")
		assert.Equal(t, errBoom, use(func(context.Context, func(int) error) error { return errBoom }).err)
		twice := use(func(ctx context.Context, yield func(int) error) error { yield(1); return yield(2) })
		assert.Equal(t, "exitpool: ContextManager: second yield", asPanic(t, twice.panic).Value)
		for _, before := range []bool{true, false} {
			breaks := func(f func()) end {
				return use(func(ctx context.Context, yield func(int) error) error {
					if before {
						f()
					}
					yield(1)
					f()
					return nil
				})
			}
			assert.Equal(t, "x", asPanic(t, breaks(func() { panic("x") }).panic).Value)
			assert.True(t, breaks(runtime.Goexit).goexit)
		}
	})
}

func TestAContextManagerMayHoldAScope(t *testing.T) { // C3, E1
	err := exitpool.Use(t.Context(), exitpool.ContextManager(func(ctx context.Context, yield func(int) error) error {
		return exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(func(context.Context) error { return errBoom })
			return yield(1)
		})
	}), func(context.Context, int) error { return errBody })
	var exit *exitpool.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, errBody, exit.Cause)
	require.Len(t, exit.Failures, 1)
	assert.ErrorIs(t, exit.Failures[0], errBoom)
	assert.NotErrorIs(t, exit.Failures[0], errBody)
}

func TestATaskServesUntilItsPlaceInTheOrder(t *testing.T) { // C4, section 7: trio#1521
	bubble(t, func(t *testing.T) {
		var j journal
		caller, cancel := context.WithCancel(context.WithValue(t.Context(), key("k"), "v"))
		err := exitpool.WithStack(caller, func(ctx context.Context, s *exitpool.ExitStack) error {
			requests := make(chan string)
			s.Go(func(ctx context.Context) error {
				assert.Equal(t, "v", ctx.Value(key("k")))
				for {
					select {
					case r := <-requests:
						j.add("serve %s", r)
					case <-ctx.Done():
						j.add("task ends: %v", context.Cause(ctx))
						return ctx.Err()
					}
				}
			})
			s.Defer(func(context.Context) error { requests <- "goodbye"; return nil })
			cancel()
			s.Cancel(errBoom)
			synctest.Wait()
			return nil
		})
		assert.Equal(t, errBoom, err)
		assert.Equal(t, []string{"serve goodbye", "task ends: boom"}, j.all())
	})
}

func TestTheBodysContextEndsWithTheForcedExitOrTheExit(t *testing.T) { // C5
	for _, test := range []struct{ cancel, exit, want error }{
		{nil, nil, exitpool.ErrClosed}, {nil, errBody, errBody}, {errBoom, nil, errBoom}, {errBoom, errBody, errBoom},
	} {
		s, sctx := exitpool.NewStack(t.Context())
		p, pctx := exitpool.NewPool(t.Context())
		if test.cancel != nil {
			s.Cancel(test.cancel)
			p.Cancel(test.cancel)
		}
		atRelease := func(ctx context.Context) func(context.Context) error {
			return func(context.Context) error { assert.Equal(t, test.want, context.Cause(ctx)); return nil }
		}
		s.Defer(atRelease(sctx))
		p.Defer(atRelease(pctx))
		s.Exit(test.exit)
		p.Exit(test.exit)
		assert.Equal(t, test.want, context.Cause(sctx))
		assert.Equal(t, test.want, context.Cause(pctx))
	}
}

func TestADeadScopeAcquiresNothingAndItsBodyRuns(t *testing.T) { // C6
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errOther)
	never := func(context.Context, *exitpool.ExitStack) (int, error) { t.Error("acquired"); return 0, nil }
	reported := func(err error) {
		t.Helper()
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, errOther)
	}
	ran := false
	reported(exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
		ran = true
		_, err := exitpool.Start(p, never).Get(context.Background())
		reported(err)
		reported(p.Wait(context.Background()))
		return nil
	}))
	assert.True(t, ran)
	assert.NoError(t, exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
		_, err := exitpool.Enter(ctx, s, never)
		reported(err)
		_, err = exitpool.Enter(context.Background(), s, never)
		reported(err)
		return nil
	}))
	reported(exitpool.Use(ctx, never, func(context.Context, int) error { return nil }))
	reported(exitpool.Use(ctx, exitpool.Gather(never), func(context.Context, []int) error { return nil }))

	s, sctx := exitpool.NewStack(t.Context())
	s.Cancel(errBoom)
	_, err := exitpool.Enter(t.Context(), s, never)
	assert.Equal(t, errBoom, err)
	_, err = exitpool.Start(s.Pool(sctx), never).Get(t.Context())
	assert.ErrorIs(t, err, errBoom)
	assert.Equal(t, errBoom, s.Close())
}

func TestTheCallersCancellationOfAnAcquisitionIsTheResult(t *testing.T) { // C6
	bubble(t, func(t *testing.T) {
		for _, body := range []string{"nil", "wait", "ctx.Err"} {
			ctx, cancel := context.WithCancelCause(t.Context())
			var j journal
			err := exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, j.resource("held", 0))
				exitpool.Start(p, j.resource("slow", time.Hour))
				synctest.Wait()
				cancel(errOther)
				switch body {
				case "wait":
					return p.Wait(ctx)
				case "ctx.Err":
					return ctx.Err()
				}
				return nil
			})
			assert.ErrorIs(t, err, context.Canceled, body)
			assert.ErrorIs(t, err, errOther, body)
			var exit *exitpool.ExitError
			assert.False(t, errors.As(err, &exit), "once: %v", err)
			assert.Equal(t, []string{"acquire held", "release held"}, j.all())
		}
	})
}

func TestAMemberThatHadNotBegunIsNotBegun(t *testing.T) { // C6
	bubble(t, func(t *testing.T) {
		var j journal
		ctx, cancel := context.WithCancel(t.Context())
		err := exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, j.stubborn("first", time.Second))
			for range 5 {
				exitpool.Start(p, j.stubborn("never", time.Second))
			}
			synctest.Wait()
			cancel()
			return nil
		}, exitpool.Limit(1))
		assert.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, []string{"acquire first", "release first"}, j.all())
	})
}

func TestAnAcquisitionSeesTheValuesOfTheContextItWasGiven(t *testing.T) { // C7
	outer := context.WithValue(t.Context(), key("k"), "scope")
	err := exitpool.WithStack(outer, func(ctx context.Context, s *exitpool.ExitStack) error {
		inner := context.WithValue(ctx, key("k"), "enter")
		_, err := exitpool.Enter(inner, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			assert.Equal(t, "enter", ctx.Value(key("k")))
			s.Defer(func(ctx context.Context) error { assert.Equal(t, "scope", ctx.Value(key("k"))); return nil })
			s.Go(func(ctx context.Context) error { assert.Equal(t, "scope", ctx.Value(key("k"))); return nil })
			return 0, nil
		})
		require.NoError(t, err)
		p := s.Pool(inner)
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			assert.Equal(t, "enter", ctx.Value(key("k")))
			s.Defer(func(ctx context.Context) error { assert.Equal(t, "enter", ctx.Value(key("k"))); return nil })
			return 0, nil
		})
		return p.Wait(ctx)
	})
	require.NoError(t, err)
}

func TestResultsOutliveWait(t *testing.T) { // C2, section 7: errgroup's dead context
	require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		var life context.Context
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { life = ctx; return 0, nil })
		require.NoError(t, p.Wait(ctx))
		assert.NoError(t, life.Err())
		assert.NoError(t, ctx.Err())
		return nil
	}))
}
