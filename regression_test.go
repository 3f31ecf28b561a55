package exitpool_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each of these pins a fault that reading and random programs found.

func TestSuppressInsideAMemberKeepsThePanicForTheOlderOnes(t *testing.T) { // X2
	var told error
	var s exitpool.ExitStack
	_, err := exitpool.Enter(t.Context(), &s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
		s.Push(func(context.Context, error) error { return exitpool.Suppress })
		return 1, nil
	})
	require.NoError(t, err)
	s.Defer(func(context.Context) error { panic(errBoom) })
	assert.Equal(t, errBoom, asPanic(t, call(func() error { return s.Exit(errBody) }).panic).Value)
	assert.Equal(t, errBoom, asPanic(t, told).Value)
}

func TestSuppressInsideAFailedAcquisitionKeepsItsFailure(t *testing.T) { // X2, R3
	var told error
	_, err := exitpool.Enter(t.Context(), new(exitpool.ExitStack), func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
			s.Push(func(context.Context, error) error { return exitpool.Suppress })
			return 1, nil
		})
		require.NoError(t, err)
		return 0, errBoom
	})
	assert.Equal(t, errBoom, err)
	assert.Equal(t, errBoom, told)
}

func TestReleaseTimeoutBoundsWhatIsInsideToo(t *testing.T) { // B4
	bubble(t, func(t *testing.T) {
		slow := func(ctx context.Context) error { return sleep(ctx, time.Hour) }
		for name, r := range map[string]exitpool.Resource[[]int]{
			"gather": exitpool.Gather(func(ctx context.Context, s *exitpool.ExitStack) (int, error) { s.Defer(slow); return 1, nil }),
			"late": func(ctx context.Context, s *exitpool.ExitStack) ([]int, error) {
				<-ctx.Done()
				s.Defer(slow)
				return nil, nil
			},
		} {
			took := elapsed(func() {
				err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
					exitpool.Start(p, r, exitpool.ReleaseTimeout(time.Second))
					synctest.Wait()
					return nil
				})
				assert.ErrorIs(t, err, exitpool.ErrGrace, name)
			})
			assert.Equal(t, time.Second, took, name)
		}
	})
}

func TestATaskThatFailsBesideAPanicIsNotLost(t *testing.T) { // E2, E6
	bubble(t, func(t *testing.T) {
		for name, breaks := range map[string]func(){"panic": func() { panic(errOther) }, "Goexit": runtime.Goexit} {
			p, ctx := exitpool.NewPool(t.Context())
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Go(fails(errBoom))
				<-ctx.Done()
				breaks()
				return 0, nil
			})
			assert.Error(t, p.Wait(ctx))
			e := call(p.Close)
			assert.True(t, e.goexit || e.panic != nil, name)
			assert.ErrorIs(t, p.Close(), errBoom, name)
		}
	})
}

func TestATaskThatPanicsBesideAnotherFailureStillPanics(t *testing.T) { // E6
	bubble(t, func(t *testing.T) {
		e := call(func() error {
			_, err := exitpool.Enter(t.Context(), new(exitpool.ExitStack), func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Go(fails(errBoom))
				s.Go(func(context.Context) error { time.Sleep(time.Second); panic(errOther) })
				time.Sleep(2 * time.Second)
				return 1, nil
			})
			return err
		})
		p := asPanic(t, e.panic)
		assert.Equal(t, errOther, p.Value)
		assert.ErrorIs(t, p, errBoom)
	})
}

func TestAnObserverThatPanicsAtALateCancelIsAPanicOfTheScope(t *testing.T) { // S5, E6
	e := call(func() error {
		return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(func(context.Context) error { s.Cancel(errBoom); return nil })
			return nil
		}, exitpool.Observe(func(ev exitpool.Event) {
			if ev.Err == errBoom {
				panic("observer")
			}
		}))
	})
	assert.Equal(t, "observer", asPanic(t, e.panic).Value)
}

func TestAPushThatBeginsAfterTheGraceAndAddsNothingDidNotRunOver(t *testing.T) { // B2, X2, E3
	run := func(push func(context.Context, error) error) error {
		return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Push(push)
			return errBody
		}, exitpool.Grace(0))
	}
	assert.True(t, run(func(_ context.Context, cause error) error { return cause }) == errBody)
	assert.NoError(t, run(func(context.Context, error) error { return exitpool.Suppress }))
}

func TestALateSuccessTakesAShareOfTheReleases(t *testing.T) { // B1, R2
	bubble(t, func(t *testing.T) {
		var now, worst atomic.Int64
		release := func(context.Context) error {
			worst.Store(max(worst.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
			return nil
		}
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			for range 2 {
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { s.Defer(release); return 1, nil })
			}
			require.NoError(t, p.Wait(ctx))
			for range 2 {
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					<-ctx.Done()
					s.Defer(release)
					return 1, nil
				})
			}
			synctest.Wait()
			return nil
		}, exitpool.Limit(2)))
		assert.EqualValues(t, 2, worst.Load())
	})
}

func TestTheTimeToAbandonAnAcquisitionRunsFromTheBeginningOfExit(t *testing.T) { // B3
	bubble(t, func(t *testing.T) {
		stuck := make(chan struct{})
		took := elapsed(func() {
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				p.Defer(func(context.Context) error { <-stuck; return nil })
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { <-stuck; return 1, nil }, exitpool.Name("acq"))
				synctest.Wait()
				return nil
			}, exitpool.Grace(time.Second), exitpool.Abandon(time.Second))
			var abandoned *exitpool.AbandonedError
			require.ErrorAs(t, err, &abandoned)
			assert.Len(t, abandoned.Names, 2)
		})
		assert.Equal(t, 2*time.Second, took)
		close(stuck)
	})
}

func TestATaskThatHasEndedIsNotAbandoned(t *testing.T) { // B3
	bubble(t, func(t *testing.T) {
		for range 20 {
			require.NoError(t, exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
				s.Go(fails(nil))
				synctest.Wait()
				return nil
			}, exitpool.Abandon(0)))
		}
	})
}

func TestTwoMembersThatFailWithOneSentinelAreBothReported(t *testing.T) { // E2, E3
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, failing(time.Second, errBoom), exitpool.Name("a"))
			exitpool.Start(p, failing(time.Minute, errBoom), exitpool.Name("b"))
			return p.Wait(ctx)
		})
		assert.EqualError(t, err, "acquire a: boom; acquire b: boom")
	})
}

func TestWhatFailsInReleasingWhatWasCutOffInsideIsReportedWithoutNoise(t *testing.T) { // E3
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				return exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					s.Defer(fails(errOther))
					<-ctx.Done()
					return 0, ctx.Err()
				}, exitpool.Name("inner"))
			}, exitpool.Name("outer"))
			exitpool.Start(p, failing(time.Second, errBoom), exitpool.Name("bad"))
			return p.Wait(ctx)
		})
		assert.EqualError(t, err, "acquire bad: boom; release inner: other")
	})
}

func TestAFailureGotInsideIsReportedOnce(t *testing.T) { // D4, D7
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			a := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(fails(errOther))
				time.Sleep(time.Second)
				return 1, errBoom
			}, exitpool.Name("a"))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				return exitpool.Start(s.Pool(ctx), func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return a.Get(ctx) }).Get(ctx)
			})
			return p.Wait(ctx)
		})
		assert.EqualError(t, err, "acquire a: boom; release a: other")
	})
}

func TestThePlainJoinOfAPanicIsOneLine(t *testing.T) { // E5, E6
	e := call(func() error {
		return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(func(context.Context) error { panic("x") })
			return nil
		})
	})
	line := (&exitpool.OpError{Op: exitpool.OpRun, Name: "vm", Err: errors.Join(asPanic(t, e.panic), errBoom)}).Error()
	assert.NotContains(t, line, "goroutine")
	assert.Equal(t, 0, strings.Count(line, "\n"))
	assert.Equal(t, line, fmt.Sprint(&exitpool.OpError{Op: exitpool.OpRun, Name: "vm", Err: errors.Join(e.panic.(error), errBoom)}))
}

// cancelling is an error whose method cancels the scope that is looking at it.
type cancelling struct{ s *exitpool.ExitStack }

func (e *cancelling) Error() string { return "cancelling" }
func (e *cancelling) Is(error) bool { e.s.Cancel(errOther); return false }

func TestAnErrorThatCancelsTheScopeDoesNotHoldUpExit(t *testing.T) { // S2, F1
	s, _ := exitpool.NewStack(t.Context())
	s.Cancel(errBoom)
	assert.EqualError(t, s.Exit(&cancelling{s}), "cancelling; boom; other")
	fresh, _ := exitpool.NewStack(t.Context())
	fresh.Cancel(errBoom)
	n := 0
	assert.ErrorIs(t, fresh.Exit(errorFunc(func() { n++; fresh.Cancel(fmt.Errorf("cause %d", n)) })), errBoom)
}

type errorFunc func()

func (f errorFunc) Error() string { return "calls" }
func (f errorFunc) Is(error) bool { f(); return false }

func TestAPanicThatAResourceGotFromWaitIsShownOnce(t *testing.T) { // E1, E6
	bubble(t, func(t *testing.T) {
		e := call(func() error {
			return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					q := s.Pool(ctx)
					exitpool.Start(q, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
						s.Defer(fails(errOther))
						s.Defer(func(context.Context) error { panic("PPP") })
						return 0, errBoom
					})
					return 0, q.Wait(ctx)
				})
				return p.Wait(ctx)
			})
		})
		p := asPanic(t, e.panic)
		assert.Equal(t, 1, strings.Count(fmt.Sprint(p), "PPP"), "%+v", p)
		assert.ErrorIs(t, p, errBoom)
		assert.ErrorIs(t, p, errOther)
	})
}

func TestAPoolMadeAfterTheCutAddsNoNoise(t *testing.T) { // E3
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				<-ctx.Done()
				q := s.Pool(ctx)
				exitpool.Start(q, value(1))
				assert.Error(t, q.Wait(ctx))
				return 1, nil
			})
			synctest.Wait()
			return errBody
		})
		assert.True(t, err == errBody, "%v", err)
	})
}

func TestTheClocksAroundAWaitStandStillTooForAForeignEntry(t *testing.T) { // B4, D7
	bubble(t, func(t *testing.T) {
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, q *exitpool.ExitPool) error {
			slow := exitpool.Start(q, (&journal{}).resource("slow", 10*time.Second))
			return exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
					return exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (string, error) { return slow.Get(ctx) })
				}, exitpool.AcquireTimeout(2*time.Second))
				return p.Wait(ctx)
			})
		}))
	})
}

func TestATaskOfALateSuccessFailsInsideIt(t *testing.T) { // R12, E2
	bubble(t, func(t *testing.T) {
		err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			mine, cancel := context.WithCancel(ctx)
			_, err := exitpool.Enter(mine, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Go(func(ctx context.Context) error { <-ctx.Done(); return errBoom })
				cancel()
				return 0, nil // too late: it is released
			})
			assert.ErrorIs(t, err, context.Canceled)
			assert.ErrorIs(t, err, errBoom, "Enter reports what failed in releasing")
			assert.NoError(t, ctx.Err(), "a failed Enter does not cancel the stack (R12)")
			return nil
		})
		assert.NoError(t, err)
	})
}

func TestATaskOfALateSuccessPanicsInEnter(t *testing.T) { // E6
	bubble(t, func(t *testing.T) {
		err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			mine, cancel := context.WithCancel(ctx)
			assert.Panics(t, func() {
				exitpool.Enter(mine, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					s.Go(func(ctx context.Context) error { <-ctx.Done(); panic(errBoom) })
					cancel()
					return 0, nil
				})
			})
			return nil
		})
		assert.NoError(t, err)
	})
}

func TestGoStartsNothingWhileALateSuccessIsReleased(t *testing.T) { // R6
	bubble(t, func(t *testing.T) {
		exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			mine, cancel := context.WithCancel(ctx)
			exitpool.Enter(mine, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error {
					s.Go(func(context.Context) error { t.Error("R6: Go starts nothing once Exit has begun"); return nil })
					return nil
				})
				cancel()
				return 0, nil
			})
			return nil
		})
	})
}

func TestAFailedReleaseInsideALoserIsReported(t *testing.T) { // R12, E2
	bubble(t, func(t *testing.T) {
		err := exitpool.Use(t.Context(), exitpool.Race(
			func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				p := s.Pool(ctx)
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					s.Defer(func(context.Context) error { return errOther })
					return 0, errBoom
				})
				return 0, p.Wait(ctx)
			},
			func(ctx context.Context, s *exitpool.ExitStack) (int, error) { time.Sleep(time.Second); return 1, nil },
		), func(context.Context, int) error { return nil })
		assert.NotErrorIs(t, err, errBoom, "what a loser fails with in acquiring is dropped")
		assert.ErrorIs(t, err, errOther, "what it fails with in releasing is a failure of the scope")
	})
}

func TestAFailedReleaseInsideAnOptionalMemberIsReported(t *testing.T) { // F7, E2
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, exitpool.Gather(func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error { return errOther })
				return 0, errBoom
			}), exitpool.Optional())
			return p.Wait(ctx)
		})
		assert.ErrorIs(t, err, errOther, "a failing release of it is reported")
	})
}

func TestToUseAReleasedMemberIsAFailure(t *testing.T) { // D6, E2
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			a := exitpool.Start(p, value(1))
			assert.NoError(t, p.Wait(ctx))
			assert.NoError(t, a.Release())
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return a.Get(ctx) }, exitpool.Name("b"))
			err := p.Wait(ctx)
			assert.ErrorIs(t, err, exitpool.ErrReleased, "b was not acquired, and nobody else reports why")
			return nil
		})
		assert.ErrorIs(t, err, exitpool.ErrReleased)
	})
}

func TestAGetInsideAMemberThatHasFailedAddsNoNoise(t *testing.T) { // D4, E3
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			made := make(chan *exitpool.Entry[int], 1)
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				inner := exitpool.Start(s.Pool(ctx), func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					s.Defer(func(context.Context) error { time.Sleep(time.Hour); return nil })
					return 0, nil
				})
				inner.Get(ctx)
				made <- inner
				time.Sleep(time.Second)
				return 0, errBoom
			}, exitpool.Name("outer"))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				time.Sleep(time.Minute)
				return (<-made).Get(ctx)
			}, exitpool.Name("user"))
			return p.Wait(ctx)
		})
		assert.EqualError(t, err, "acquire outer: boom")
	})
}

func TestALoserTakesNoShareForAMemberThatIsHeld(t *testing.T) { // D5, B1
	bubble(t, func(t *testing.T) {
		assert.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			slow := exitpool.Start(p, (&journal{}).resource("slow", time.Second))
			exitpool.Start(p, exitpool.Race(
				func(ctx context.Context, s *exitpool.ExitStack) (string, error) { return slow.Get(ctx) },
				(&journal{}).stubborn("winner", 2*time.Second),
			))
			exitpool.Start(p, (&journal{}).resource("long", 10*time.Second))
			exitpool.Start(p, (&journal{}).resource("other", 10*time.Second))
			time.Sleep(12 * time.Second)
			exitpool.Start(p, (&journal{}).resource("late", time.Second), exitpool.Weight(2))
			return p.Wait(ctx)
		}, exitpool.Limit(2)))
	})
}

func TestAPanicOfATaskInANestedPoolDuringExitIsRaised(t *testing.T) { // E6
	bubble(t, func(t *testing.T) {
		e := call(func() error {
			return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
				_, err := exitpool.Enter(ctx, s, exitpool.Gather(func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					s.Go(func(context.Context) error { time.Sleep(time.Second); panic(errBoom) })
					return 0, nil
				}))
				s.Defer(func(context.Context) error { time.Sleep(time.Minute); return nil })
				return err
			})
		})
		assert.NotNil(t, e.panic, "a panic is raised: %v", e.err)
	})
}

func TestAPanicWinsOverTheGoexitOfTheBody(t *testing.T) { // E6
	bubble(t, func(t *testing.T) {
		e := call(func() error {
			return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
				s.Go(func(context.Context) error { panic(errBoom) })
				<-ctx.Done()
				runtime.Goexit()
				return nil
			})
		})
		assert.NotNil(t, e.panic, "a panic beside a Goexit wins")
	})
}

func TestATaskInsideAnOptionalMemberFailsForItselfDuringExitToo(t *testing.T) { // F7
	for _, race := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			assert.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				r := exitpool.Resource[int](func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					s.Go(func(context.Context) error { time.Sleep(time.Second); return errBoom })
					return 0, nil
				})
				if race {
					r = exitpool.Race(r)
				}
				exitpool.Start(p, r, exitpool.Optional())
				return p.Wait(ctx)
			}), race)
		})
	}
}

func TestARaceThatExitCutsOffAddsNoNoise(t *testing.T) { // E3
	for range 100 {
		bubble(t, func(t *testing.T) {
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				racer := func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
					s.Defer(func(context.Context) error { return errBoom })
					return "", sleep(ctx, time.Hour)
				}
				exitpool.Start(p, exitpool.Race(racer, racer, racer))
				time.Sleep(time.Second)
				return nil
			})
			assert.NotErrorIs(t, err, exitpool.ErrClosed)
		})
	}
}

func TestWhatFailedInAnOptionalRaceThatIsCutOffIsItsOwn(t *testing.T) { // F7, E3
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, exitpool.Race(failing(time.Second, errBoom),
				func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
					s.Defer(fails(errOther))
					<-ctx.Done()
					return "", ctx.Err()
				}), exitpool.Optional())
			time.Sleep(time.Minute)
			return nil
		})
		assert.NotErrorIs(t, err, errBoom)
		assert.ErrorIs(t, err, errOther, "a failing release is reported")
	})
}

func TestWhatFailsBesideAGoexitInAnEnterInsideAnAcquisitionIsNotLost(t *testing.T) { // E2, E6
	s, ctx := exitpool.NewStack(t.Context())
	e := call(func() error {
		_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			return exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(fails(errOther))
				runtime.Goexit()
				return 0, nil
			})
		})
		return err
	})
	assert.True(t, e.goexit)
	assert.ErrorIs(t, s.Close(), errOther)
}

func TestAGetInsideAMemberThatIsBeingReleasedIsErrClosed(t *testing.T) { // D1, D7
	bubble(t, func(t *testing.T) {
		made := make(chan *exitpool.Entry[string], 1)
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			var j journal
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				inner := exitpool.Start(s.Pool(ctx), j.resource("inner", 0))
				made <- inner
				s.Defer(func(context.Context) error { time.Sleep(time.Hour); return nil })
				return inner.Get(ctx)
			})
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				s.Defer(func(context.Context) error {
					time.Sleep(time.Minute)
					_, err := (<-made).Get(ctx) // it is held, but not for long
					return err
				})
				return "", nil
			}, exitpool.Name("user"))
			return p.Wait(ctx)
		})
		assert.EqualError(t, err, "release user: exitpool: closed")
	})
}

func TestAGetInsideAMemberThatHasFailedIsItsError(t *testing.T) { // D4, D7
	bubble(t, func(t *testing.T) {
		made := make(chan *exitpool.Entry[string], 1)
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			var j journal
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				made <- exitpool.Start(s.Pool(ctx), j.resource("inner", 0))
				return "", errBoom
			}, exitpool.Name("outer"))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				time.Sleep(time.Second)
				_, err := (<-made).Get(context.WithoutCancel(ctx))
				assert.EqualError(t, err, "acquire outer: boom")
				return "", err
			}, exitpool.Name("user"))
			return p.Wait(ctx)
		})
		assert.EqualError(t, err, "acquire outer: boom")
	})
}

func TestAGoexitOfATaskAfterItsCancelIsPassedOn(t *testing.T) { // E6
	for _, nested := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			e := call(func() error {
				return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
					r := exitpool.Resource[int](func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
						s.Go(func(context.Context) error {
							time.Sleep(time.Second)
							s.Cancel(errBoom)
							runtime.Goexit()
							return nil
						})
						return 0, nil
					})
					var err error
					if nested {
						_, err = exitpool.Enter(ctx, s, exitpool.Gather(r))
					} else {
						_, err = exitpool.Enter(ctx, s, r)
					}
					<-ctx.Done()
					time.Sleep(time.Minute)
					return err
				})
			})
			assert.True(t, e.goexit, "nested %v: %v", nested, e.err)
		})
	}
}

func TestATaskOfAFailedEnterInsideAnOptionalMemberIsReportedByEnter(t *testing.T) { // E2, R12
	for _, opts := range [][]exitpool.EntryOption{nil, {exitpool.Optional()}} {
		bubble(t, func(t *testing.T) {
			exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
						s.Go(func(ctx context.Context) error { <-ctx.Done(); return errOther })
						return 0, errBoom
					})
					assert.ErrorIs(t, err, errBoom)
					assert.ErrorIs(t, err, errOther, "Enter reports what failed in releasing; options: %d", len(opts))
					return 0, nil
				}, opts...)
				return p.Wait(ctx)
			})
		})
	}
}

func TestAFailedReleaseInsideAnOptionalMemberThatTimesOutIsReported(t *testing.T) { // F7, E2
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, exitpool.Gather(func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error { return errOther })
				return 0, sleep(ctx, time.Hour)
			}), exitpool.Optional(), exitpool.AcquireTimeout(time.Second))
			return p.Wait(ctx)
		})
		assert.ErrorIs(t, err, errOther, "a failing release of it is reported")
	})
}

func TestALaterFailureInsideAnOptionalMemberIsItsOwnToo(t *testing.T) { // F7
	for _, nested := range []bool{false, true} {
		for _, first := range []bool{false, true} {
			bubble(t, func(t *testing.T) {
				err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
					r := exitpool.Resource[int](func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
						s.Go(func(ctx context.Context) error {
							time.Sleep(time.Second)
							if first {
								s.Cancel(errBoom)
							}
							return errOther
						})
						return 0, nil
					})
					if nested {
						exitpool.Start(p, exitpool.Gather(r), exitpool.Optional())
					} else {
						exitpool.Start(p, r, exitpool.Optional())
					}
					err := p.Wait(ctx)
					time.Sleep(time.Minute)
					return err
				})
				assert.NoError(t, err, "nested %v, cancelled first %v", nested, first)
			})
		}
	}
}

func TestAStackThatItsOwnCodeExitsIsWaitedForWhenTheAcquisitionFails(t *testing.T) { // R8, D1
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		used := exitpool.Start(p, j.resource("used", 0))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			if _, err := used.Get(ctx); err != nil {
				return 0, err
			}
			s.Defer(func(context.Context) error { time.Sleep(time.Second); j.add("release user"); return nil })
			go s.Close()
			time.Sleep(time.Millisecond) // it has begun
			return 0, errBoom
		}, exitpool.Name("user"))
		assert.EqualError(t, p.Wait(ctx), "acquire user: boom")
		assert.EqualError(t, p.Close(), "acquire user: boom")
		assert.Equal(t, []string{"acquire used", "release user", "release used"}, j.all())
	})
}

func TestCloseOfAStackWithAnEnterInFlightEndsThoughTheAcquisitionFails(t *testing.T) { // R7, R12
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context())
		ended := make(chan error, 1)
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			go exitpool.Enter(ctx, s, (&journal{}).stubborn("inner", time.Second))
			synctest.Wait()
			go func() { ended <- s.Close() }()
			synctest.Wait()
			return 0, errBoom
		}, exitpool.Name("outer"))
		assert.EqualError(t, p.Wait(ctx), "acquire outer: boom")
		assert.EqualError(t, p.Close(), "acquire outer: boom")
		assert.NoError(t, <-ended)
	})
}

func TestAnAcquisitionInsideAHeldOptionalMemberFailsForItselfDuringExitToo(t *testing.T) { // F7
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				exitpool.Start(s.Pool(ctx), func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					s.Defer(fails(errOther))
					time.Sleep(time.Minute) // Exit begins meanwhile
					return 0, errBoom
				})
				return 0, nil
			}, exitpool.Optional(), exitpool.Name("optional"))
			if err := p.Wait(ctx); err != nil {
				return err
			}
			time.Sleep(time.Second)
			return nil
		})
		assert.NotErrorIs(t, err, errBoom)
		assert.ErrorIs(t, err, errOther, "a failing release is reported")
	})
}

// poppingError is an error that pops everything off a stack when somebody looks into it.
type poppingError struct{ pop func() }

func (e *poppingError) Error() string { return "popping" }
func (e *poppingError) Unwrap() error { e.pop(); return nil }

func TestPopAllMayTakeTheForcedExitAwayWhileExitBegins(t *testing.T) { // R11, R1
	var j journal
	s, _ := exitpool.NewStack(t.Context())
	s.Defer(j.release("a"))
	s.Cancel(errBoom)
	var moved *exitpool.ExitStack
	err := s.Exit(&poppingError{func() {
		if moved == nil {
			moved = s.PopAll()
		}
	}})
	assert.EqualError(t, err, "popping")
	assert.Equal(t, errBoom, moved.Close())
	assert.Equal(t, []string{"release a"}, j.all())
}

func TestASecondCloseOfAMembersStackNamesWhatWasAbandonedToo(t *testing.T) { // R7, B3
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Abandon(time.Second))
		var inside *exitpool.ExitStack
		exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			inside = s
			s.Defer(func(context.Context) error { time.Sleep(time.Minute); return nil })
			return 1, nil
		})
		require.NoError(t, p.Wait(ctx))
		first := inside.Close()
		assert.IsType(t, new(exitpool.AbandonedError), first)
		assert.Equal(t, first, inside.Close())
		p.Close()
		time.Sleep(time.Hour)
	})
}

func TestGatherRaceAndQuorumOnAClosedStackAreErrClosed(t *testing.T) { // R6
	var s exitpool.ExitStack
	require.NoError(t, s.Close())
	_, err := exitpool.Gather(value(1))(t.Context(), &s)
	assert.Equal(t, exitpool.ErrClosed, err)
	_, err = exitpool.Race(value(1), value(2))(context.Background(), &s)
	assert.Equal(t, exitpool.ErrClosed, err)
	_, err = exitpool.Quorum(2, value(1), value(2))(context.Background(), &s)
	assert.Equal(t, exitpool.ErrClosed, err)
}

func TestWhatReleaseAndCloseFindInsideAnOptionalMemberGoesToTheirCaller(t *testing.T) { // R10, F7
	bubble(t, func(t *testing.T) {
		var inner *exitpool.ExitPool
		var e *exitpool.Entry[int]
		dies := func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Go(func(ctx context.Context) error { <-ctx.Done(); return errBoom })
			return 1, nil
		}
		p, ctx := exitpool.NewPool(t.Context())
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			inner = s.Pool(ctx)
			e = exitpool.Start(inner, dies)
			return 1, inner.Wait(context.Background())
		}, exitpool.Optional())
		require.NoError(t, p.Wait(ctx))
		assert.ErrorIs(t, e.Release(), errBoom)
		exitpool.Start(inner, dies)
		require.NoError(t, inner.Wait(t.Context()))
		assert.ErrorIs(t, inner.Close(), errBoom)
		assert.NoError(t, p.Close())
	})
}

func TestAnOptionalEnterThatDiesWhileItIsReleasedIsItsOwn(t *testing.T) { // F7
	err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
		_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(fails(errOther))
			s.Go(func(ctx context.Context) error { <-ctx.Done(); return errBoom })
			return 1, nil
		}, exitpool.Optional())
		return err
	})
	assert.NotErrorIs(t, err, errBoom)
	assert.ErrorIs(t, err, errOther)
}
