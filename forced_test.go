package exitpool_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCancelCancelsTheBodyAndTheFirstCauseWins(t *testing.T) { // F1, F3
	err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
		s.Cancel(errBoom)
		s.Cancel(errBoom)
		s.Cancel(errOther)
		assert.Equal(t, errBoom, context.Cause(ctx))
		return ctx.Err()
	})
	var exit *exitpool.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, errBoom, exit.Cause)
	assert.Equal(t, []error{errOther}, exit.Failures)
}

func TestAForcedExitIsTheResultUnlessTheBodyHasItsOwn(t *testing.T) { // F3, E1
	run := func(body error) error {
		return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			p.Cancel(errBoom)
			return body
		})
	}
	assert.Equal(t, errBoom, run(nil))
	assert.Equal(t, errBoom, run(context.Canceled))
	assert.Equal(t, errBoom, run(errBoom))
	wrapped := fmt.Errorf("reading: %w", errors.Join(context.Canceled, errBoom))
	assert.Equal(t, errBoom, run(wrapped), "nothing but cancellation and the cause")
	both := run(errBody)
	assert.EqualError(t, both, "body; boom")
	containing := fmt.Errorf("%w: %w", errBody, errBoom)
	assert.Equal(t, containing, run(containing), "the cause is in it already")
}

func TestAfterTheCallersCancellationABodyThatReturnsNilGivesNil(t *testing.T) { // F3
	ctx, cancel := context.WithCancelCause(t.Context())
	var told error = errBody
	assert.NoError(t, exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
		s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
		cancel(errOther)
		return nil
	}))
	assert.NoError(t, told)
	err := exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
		return fmt.Errorf("reading: %w", ctx.Err())
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, err, errOther) // C6
	assert.ErrorContains(t, err, "reading")
}

func TestCancelNilEndsTheScopeWithoutAnError(t *testing.T) { // F4, D6
	bubble(t, func(t *testing.T) {
		var told error = errBody
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, (&journal{}).resource("slow", time.Hour))
			p.Push(func(_ context.Context, cause error) error { told = cause; return nil })
			p.Cancel(nil)
			assert.Equal(t, context.Canceled, p.Wait(ctx))
			<-ctx.Done()
			return ctx.Err()
		})
		assert.NoError(t, err)
		assert.NoError(t, told)
		var s exitpool.ExitStack
		s.Cancel(nil)
		assert.NoError(t, s.Close())
		assert.Equal(t, errBody, exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Cancel(nil)
			return errBody
		}))
	})
}

func TestNothingIsReleasedUnderARunningBody(t *testing.T) { // F5
	bubble(t, func(t *testing.T) {
		var j journal
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, j.resource("a", 0))
			require.NoError(t, p.Wait(ctx))
			p.Cancel(errBoom)
			time.Sleep(time.Hour)
			j.add("body ends")
			return nil
		})
		assert.Equal(t, errBoom, err)
		assert.Equal(t, []string{"acquire a", "body ends", "release a"}, j.all())
	})
}

func TestATaskThatDiesForcesTheScopeWhoseBodyIsRunning(t *testing.T) { // F2, F6, E4
	dying := func(j *journal, die chan struct{}) exitpool.Resource[string] {
		return func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
			s.Defer(j.release("vm"))
			s.Go(func(context.Context) error { <-die; return errBoom })
			return "vm", nil
		}
	}
	scopes := map[string]func(t *testing.T, r exitpool.Resource[string], body func(context.Context) error) error{
		"stack": func(t *testing.T, r exitpool.Resource[string], body func(context.Context) error) error {
			return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
				_, err := exitpool.Enter(ctx, s, r, exitpool.Name("vm"))
				require.NoError(t, err)
				return body(ctx)
			})
		},
		"pool": func(t *testing.T, r exitpool.Resource[string], body func(context.Context) error) error {
			return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, r, exitpool.Name("vm"))
				require.NoError(t, p.Wait(ctx))
				return body(ctx)
			})
		},
		"pool in stack": func(t *testing.T, r exitpool.Resource[string], body func(context.Context) error) error {
			return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
				p := s.Pool(ctx)
				exitpool.Start(p, r, exitpool.Name("vm"))
				require.NoError(t, p.Wait(ctx))
				return body(ctx)
			})
		},
		"gather in gather": func(t *testing.T, r exitpool.Resource[string], body func(context.Context) error) error {
			named := func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				return exitpool.Enter(ctx, s, r, exitpool.Name("vm"))
			}
			return exitpool.Use(t.Context(), exitpool.Gather(exitpool.Gather(named)), func(ctx context.Context, _ [][]string) error { return body(ctx) })
		},
	}
	for name, scope := range scopes {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var j journal
				die := make(chan struct{})
				err := scope(t, dying(&j, die), func(ctx context.Context) error {
					close(die)
					<-ctx.Done()
					assert.EqualError(t, context.Cause(ctx), "run vm: boom")
					j.add("body ends")
					return ctx.Err()
				})
				assert.EqualError(t, err, "run vm: boom")
				assert.Equal(t, []string{"body ends", "release vm"}, j.all())
			})
		})
	}
}

func TestATaskThatReturnsNilIsANormalEnd(t *testing.T) { // F2
	bubble(t, func(t *testing.T) {
		require.NoError(t, exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Go(func(context.Context) error { return nil })
			synctest.Wait()
			return ctx.Err()
		}))
	})
}

func TestWhatATaskReturnsWhileExitRunsIsAFailure(t *testing.T) { // F2, E3
	bubble(t, func(t *testing.T) {
		run := func(err error) error {
			return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
				s.Go(func(ctx context.Context) error { <-ctx.Done(); return err })
				return errBody
			})
		}
		assert.Equal(t, errBody, run(nil))
		assert.Equal(t, errBody, run(context.Canceled))
		assert.Equal(t, errBody, run(fmt.Errorf("serve: %w", errBody)))
		err := run(errBoom)
		assert.ErrorIs(t, err, errBoom)
		var op *exitpool.OpError
		require.ErrorAs(t, err, &op)
		assert.Equal(t, exitpool.OpRun, op.Op)
	})
}

func TestATaskThatFailsDuringItsAcquisitionFailsThat(t *testing.T) { // F2
	bubble(t, func(t *testing.T) {
		for _, result := range []error{nil, context.Canceled} {
			var j journal
			r := func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(j.release("vm"))
				s.Go(func(context.Context) error { return errBoom })
				<-ctx.Done()
				assert.ErrorIs(t, context.Cause(ctx), errBoom)
				return 0, result
			}
			s, ctx := exitpool.NewStack(t.Context())
			_, err := exitpool.Enter(ctx, s, r, exitpool.Name("vm"))
			assert.EqualError(t, err, "run vm: boom")
			assert.NoError(t, ctx.Err())
			assert.Equal(t, []string{"release vm"}, j.all())
			assert.NoError(t, s.Close())
			err = exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, r, exitpool.Name("vm"))
				return p.Wait(ctx)
			})
			assert.EqualError(t, err, "run vm: boom")
		}
	})
}

func TestACallbackOfAResourceCancelsTheScope(t *testing.T) { // F1, F2
	bubble(t, func(t *testing.T) {
		var lost func(error)
		err := exitpool.Use(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			lost = s.Cancel
			return 1, nil
		}, func(ctx context.Context, _ int) error {
			go lost(errBoom)
			<-ctx.Done()
			return nil
		})
		assert.Equal(t, errBoom, err)
		_, err = exitpool.Enter(t.Context(), new(exitpool.ExitStack), func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Cancel(errBoom)
			return 1, nil
		})
		assert.Equal(t, errBoom, err, "while it acquires, that fails")
	})
}

func TestCancelDuringExitChangesNothingAndIsObservedOnce(t *testing.T) { // F1
	bubble(t, func(t *testing.T) {
		var seen events
		var p *exitpool.ExitPool
		observe := func(ev exitpool.Event) {
			seen.observe(ev)
			if ev.Err != nil {
				p.Cancel(errOther) // from inside a call: not told again
			}
		}
		p, _ = exitpool.NewPool(t.Context(), exitpool.Observe(observe))
		p.Defer(func(context.Context) error { p.Cancel(errBoom); return nil })
		assert.NoError(t, p.Close())
		assert.Equal(t, []error{errBoom}, seen.errs())
		p.Cancel(errBody)
		assert.Equal(t, []error{errBoom, errBody}, seen.errs())
	})
}

func TestTheFailureOfAnOptionalMemberIsItsOwn(t *testing.T) { // F7
	bubble(t, func(t *testing.T) {
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			bad := exitpool.Start(p, failing(0, errBoom), exitpool.Optional(), exitpool.Name("cache"))
			die := make(chan struct{})
			dies := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Go(func(context.Context) error { <-die; return errOther })
				return 1, nil
			}, exitpool.Optional(), exitpool.Name("conn"))
			require.NoError(t, p.Wait(ctx))
			_, err := bad.Get(ctx)
			assert.EqualError(t, err, "acquire cache: boom")
			_, err = dies.Get(ctx)
			assert.NoError(t, err)
			close(die)
			synctest.Wait()
			_, err = dies.Get(ctx)
			assert.EqualError(t, err, "run conn: other")
			return ctx.Err()
		}))
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error { return errBoom })
				return 1, nil
			}, exitpool.Optional(), exitpool.Name("a"))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error { return errOther })
				return 0, errBody
			}, exitpool.Optional(), exitpool.Name("b"))
			return p.Wait(ctx)
		})
		assert.EqualError(t, err, "release a: boom; release b: other", "a failing release is reported")
	})
}

func TestADependantOnAFailedOptionalMemberReportsIt(t *testing.T) { // F7, D4
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			cache := exitpool.Start(p, failing(0, errBoom), exitpool.Optional())
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) { return cache.Get(ctx) })
			return p.Wait(ctx)
		})
		assert.ErrorIs(t, err, errBoom)
	})
}

func TestTheDeathOfWhatIsInsideANamedMemberBearsBothNames(t *testing.T) { // E4, F2
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				return exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					s.Go(func(context.Context) error { time.Sleep(time.Second); return errBoom })
					return 0, nil
				}, exitpool.Name("inner"))
			}, exitpool.Name("outer"))
			if err := p.Wait(ctx); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		})
		assert.EqualError(t, err, "run outer: run inner: boom")
	})
}

func TestTheDeathOfAnOptionalEnterIsItsOwn(t *testing.T) { // F7
	bubble(t, func(t *testing.T) {
		err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Go(func(context.Context) error { time.Sleep(time.Second); return errBoom })
				return 0, nil
			}, exitpool.Optional())
			time.Sleep(time.Minute)
			assert.NoError(t, ctx.Err())
			return err
		})
		assert.NoError(t, err)
	})
}

func TestCancelOfAnOptionalMemberWithoutACauseIsACancellation(t *testing.T) { // F4, F7
	p, ctx := exitpool.NewPool(t.Context())
	var inside *exitpool.ExitStack
	e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		inside = s
		return 0, nil
	}, exitpool.Optional())
	require.NoError(t, p.Wait(ctx))
	inside.Cancel(nil)
	_, err := e.Get(ctx)
	assert.Equal(t, context.Canceled, err)
	assert.NoError(t, p.Close())
}

func TestCancelWithoutACauseInsideAnAcquisitionIsACancellation(t *testing.T) { // F4, F2
	var s exitpool.ExitStack
	_, err := exitpool.Enter(t.Context(), &s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		s.Cancel(nil)
		return 0, ctx.Err()
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.NoError(t, s.Close())
}
