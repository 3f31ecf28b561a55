package exitpool_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLimitBoundsAcquisitionsAndReleasesInFlight(t *testing.T) { // B1
	bubble(t, func(t *testing.T) {
		var acquiring, releasing, worst atomic.Int64
		enter := func(n *atomic.Int64, w int64, d time.Duration) {
			if now := n.Add(w); now > worst.Load() {
				worst.Store(now)
			}
			time.Sleep(d)
			n.Add(-w)
		}
		took := elapsed(func() {
			require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				for i := range 12 {
					w := int64(1 + i%2*2)
					exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
						enter(&acquiring, w, time.Second)
						s.Defer(func(context.Context) error { enter(&releasing, w, time.Second); return nil })
						return 0, nil
					}, exitpool.Weight(w))
				}
				return p.Wait(ctx)
			}, exitpool.Limit(4)))
		})
		assert.EqualValues(t, 4, worst.Load())
		assert.Equal(t, 12*time.Second, took)
	})
}

func TestLimitIsFirstComeFirstServed(t *testing.T) { // B1
	bubble(t, func(t *testing.T) {
		var j journal
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			for _, name := range []string{"a", "b", "c", "d"} {
				exitpool.Start(p, j.resource(name, time.Second))
			}
			return p.Wait(ctx)
		}, exitpool.Limit(1)))
		assert.Equal(t, []string{"acquire a", "acquire b", "acquire c", "acquire d"}, j.all()[:4])
	})
}

func TestLimitSurvivesFailurePanicAndCancellation(t *testing.T) { // B1, section 7: a share given back twice
	bubble(t, func(t *testing.T) {
		var j journal
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, failing(time.Second, errBoom))
			exitpool.Start(p, j.resource("never", 0))
			return p.Wait(ctx)
		}, exitpool.Limit(1))
		assert.ErrorIs(t, err, errBoom)
		assert.Empty(t, j.all(), "no queued one slips in")

		var inFlight, worst atomic.Int64
		enter := func() {
			if now := inFlight.Add(1); now > worst.Load() {
				worst.Store(now)
			}
			time.Sleep(time.Nanosecond)
			inFlight.Add(-1)
		}
		e := call(func() error {
			p, ctx := exitpool.NewPool(t.Context(), exitpool.Limit(2))
			var wg sync.WaitGroup
			for i := range 30 {
				e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					enter()
					s.Defer(func(context.Context) error {
						enter()
						switch i % 5 {
						case 0:
							panic("x")
						case 1:
							runtime.Goexit()
						}
						return nil
					})
					if i%7 == 0 {
						return 0, errBoom
					}
					return 0, nil
				}, exitpool.Optional())
				if i%3 == 0 {
					wg.Go(func() { call(e.Release) })
				}
			}
			p.Wait(ctx)
			wg.Wait()
			return p.Close()
		})
		assert.Equal(t, "x", asPanic(t, e.panic).Value)
		assert.LessOrEqual(t, worst.Load(), int64(4), "two acquisitions and two releases")
	})
}

func TestAWeightAboveTheLimitIsAnErrorAtStart(t *testing.T) { // B1
	err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		_, err := exitpool.Start(p, value(1), exitpool.Weight(3), exitpool.Name("fat")).Get(ctx)
		assert.ErrorContains(t, err, "weight 3 is above the limit of 2")
		return p.Wait(ctx)
	}, exitpool.Limit(2))
	assert.ErrorContains(t, err, "acquire fat: exitpool: Start: weight 3")
}

func TestLimitOfAStackHoldsForEachPoolInIt(t *testing.T) { // B1, B6
	bubble(t, func(t *testing.T) {
		slow := (&journal{}).resource("a", time.Second)
		took := func(opts ...exitpool.Option) time.Duration {
			return elapsed(func() {
				require.NoError(t, exitpool.Use(t.Context(), exitpool.Gather(exitpool.Gather(slow, slow), exitpool.Gather(slow, slow)),
					func(context.Context, [][]string) error { return nil }, opts...))
			})
		}
		assert.Equal(t, time.Second, took())
		assert.Equal(t, 4*time.Second, took(exitpool.Limit(1)))
		assert.Equal(t, time.Second, took(exitpool.Limit(2)))
		own := elapsed(func() {
			require.NoError(t, exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
				p := s.Pool(ctx, exitpool.Limit(2))
				exitpool.Start(p, slow)
				exitpool.Start(p, slow)
				return p.Wait(ctx)
			}, exitpool.Limit(1)))
		})
		assert.Equal(t, time.Second, own, "unless it is given its own")
	})
}

func TestGraceCancelsWhatIsStillBeingReleased(t *testing.T) { // B2, C1, C2
	bubble(t, func(t *testing.T) {
		var j journal
		var older context.Context
		start := time.Now()
		err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(func(ctx context.Context) error { j.add("begins late: %v", ctx.Err() != nil); return nil })
			_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				older = ctx
				s.Defer(j.release("older"))
				return 0, nil
			})
			require.NoError(t, err)
			_, err = exitpool.Enter(ctx, s, func(life context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(ctx context.Context) error {
					<-ctx.Done()
					assert.Equal(t, exitpool.ErrGrace, context.Cause(ctx))
					<-life.Done()
					assert.Equal(t, exitpool.ErrGrace, context.Cause(life))
					assert.NoError(t, older.Err(), "its release has not begun")
					return nil
				})
				return 0, nil
			}, exitpool.Name("vm"))
			require.NoError(t, err)
			return nil
		}, exitpool.Grace(time.Second))
		assert.Equal(t, time.Second, time.Since(start))
		assert.EqualError(t, err, "release vm: exitpool: grace period over")
		assert.ErrorIs(t, err, exitpool.ErrGrace)
		assert.Equal(t, []string{"release older", "begins late: true"}, j.all())
	})
}

func TestGraceZeroForcesTheFunctionsOfAStackToo(t *testing.T) { // B2
	err := exitpool.WithStack(t.Context(), func(_ context.Context, s *exitpool.ExitStack) error {
		s.Defer(func(ctx context.Context) error { return ctx.Err() })
		return nil
	}, exitpool.Grace(0))
	assert.ErrorIs(t, err, exitpool.ErrGrace)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestAReleaseThatReturnsTheCauseOfItsContextSaysItOnce(t *testing.T) { // B2, E5
	err := exitpool.WithStack(t.Context(), func(_ context.Context, s *exitpool.ExitStack) error {
		_, err := exitpool.Enter(t.Context(), s, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(ctx context.Context) error { return context.Cause(ctx) })
			return 0, nil
		}, exitpool.Name("vm"))
		return err
	}, exitpool.Grace(0))
	assert.EqualError(t, err, "release vm: exitpool: grace period over")
	assert.ErrorIs(t, err, exitpool.ErrGrace)
}

func TestGraceZeroForcesAtOnceAndEveryReleaseRuns(t *testing.T) { // B2
	bubble(t, func(t *testing.T) {
		var ran atomic.Int32
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			for range 10 {
				p.Defer(func(ctx context.Context) error { assert.Error(t, ctx.Err()); ran.Add(1); return nil })
			}
			p.Defer(func(ctx context.Context) error { return ctx.Err() })
			return nil
		}, exitpool.Grace(0))
		assert.EqualValues(t, 10, ran.Load())
		assert.ErrorIs(t, err, exitpool.ErrGrace)
	})
}

func TestATaskThatRunsOverTheGraceIsNamed(t *testing.T) { // B2
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Go(func(context.Context) error { <-ctx.Done(); return nil })
				return 0, nil
			}, exitpool.Name("vm"))
			return p.Wait(ctx)
		}, exitpool.Grace(time.Second))
		assert.ErrorIs(t, err, exitpool.ErrGrace)
		assert.ErrorContains(t, err, "run vm")
	})
}

func TestTheUnwindingOfAFailedAcquisitionHasItsOwnGrace(t *testing.T) { // B2
	bubble(t, func(t *testing.T) {
		start := time.Now()
		slow := func(ctx context.Context) error { <-ctx.Done(); return nil }
		err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			time.Sleep(time.Minute)
			_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { s.Defer(slow); return 0, errBoom })
			assert.ErrorIs(t, err, errBoom)
			assert.ErrorIs(t, err, exitpool.ErrGrace)
			s.Pool(ctx).Defer(slow)
			s.Defer(slow)
			return nil
		}, exitpool.Grace(time.Second))
		assert.ErrorIs(t, err, exitpool.ErrGrace)
		assert.Equal(t, time.Minute+3*time.Second, time.Since(start), "so has a nested pool")
	})
}

func TestAbandonReturnsAndReleasesTheRest(t *testing.T) { // B3
	bubble(t, func(t *testing.T) {
		var j journal
		var seen events
		stuck, free := make(chan struct{}), make(chan struct{})
		start := time.Now()
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Grace(time.Second), exitpool.Abandon(2*time.Second), exitpool.Observe(seen.observe))
		db := exitpool.Start(p, j.resource("db", 0))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
			s.Defer(j.release("first of vm"))
			s.Defer(func(context.Context) error { <-stuck; return errBoom })
			return db.Get(ctx)
		}, exitpool.Name("vm"))
		require.NoError(t, p.Wait(ctx))
		err := p.Close()
		assert.Equal(t, 3*time.Second, time.Since(start))
		var abandoned *exitpool.AbandonedError
		require.ErrorAs(t, err, &abandoned)
		assert.Equal(t, []string{"vm"}, abandoned.Names)
		assert.Equal(t, []string{"acquire db", "release first of vm", "release db"}, j.all(), "also what the abandoned one used")
		close(stuck)
		close(free)
		synctest.Wait()
		assert.ErrorIs(t, errors.Join(seen.errs()...), errBoom, "what it returns later goes to the observer")
	})
}

func TestAnAbandonedAcquisitionIsReleasedWhenItSucceedsAfterAll(t *testing.T) { // B3
	bubble(t, func(t *testing.T) {
		for _, kind := range []string{"pool", "stack"} {
			var j journal
			start := time.Now()
			slow := j.stubborn("slow", time.Hour)
			var exit func() error
			if kind == "pool" {
				p, _ := exitpool.NewPool(t.Context(), exitpool.Abandon(time.Second))
				exitpool.Start(p, slow, exitpool.Name("slow"))
				p.Defer(j.release("peer"))
				exit = p.Close
			} else {
				s, ctx := exitpool.NewStack(t.Context(), exitpool.Abandon(time.Second))
				s.Defer(j.release("peer"))
				go exitpool.Enter(ctx, s, slow, exitpool.Name("slow"))
				exit = s.Close
			}
			synctest.Wait()
			err := exit()
			assert.Equal(t, time.Second, time.Since(start))
			assert.EqualError(t, err, "abandoned slow")
			assert.Equal(t, []string{"release peer"}, j.all())
			time.Sleep(time.Hour)
			synctest.Wait()
			assert.Equal(t, []string{"release peer", "acquire slow", "release slow"}, j.all())
		}
	})
}

func TestTheContextOfAnAbandonedReleaseEndsWhenItsTimeIsUp(t *testing.T) { // B3, C1
	bubble(t, func(t *testing.T) {
		gave := make(chan context.Context, 1)
		stuck := func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(ctx context.Context) error {
				gave <- ctx
				<-ctx.Done()
				return nil
			})
			return 0, nil
		}
		nested := func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			return exitpool.Start(s.Pool(ctx), stuck).Get(ctx)
		}
		for _, r := range []exitpool.Resource[int]{stuck, nested} {
			s, ctx := exitpool.NewStack(t.Context(), exitpool.Abandon(time.Second))
			p := s.Pool(ctx)
			e := exitpool.Start(p, r, exitpool.ReleaseTimeout(10*time.Second), exitpool.Name("stuck"))
			_, err := e.Get(t.Context())
			require.NoError(t, err)
			assert.IsType(t, new(exitpool.AbandonedError), s.Close())
			got := <-gave
			assert.NoError(t, got.Err())
			time.Sleep(8 * time.Second)
			assert.NoError(t, got.Err())
			time.Sleep(2 * time.Second)
			assert.Equal(t, exitpool.ErrGrace, context.Cause(got))
		}
	})
}

func TestANestedScopeIsNotAbandonedAsAWhole(t *testing.T) { // B3
	bubble(t, func(t *testing.T) {
		var j journal
		start := time.Now()
		stuck := make(chan struct{})
		hangs := func(name string) func(context.Context) error {
			return func(context.Context) error { <-stuck; return nil }
		}
		s, ctx := exitpool.NewStack(t.Context(), exitpool.Abandon(time.Second))
		s.Defer(hangs("outer"))
		p := s.Pool(ctx)
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(j.release("inner"))
			s.Defer(hangs("inner"))
			s.Go(hangs("task"))
			return 0, nil
		}, exitpool.Name("inner"))
		require.NoError(t, p.Wait(ctx))
		err := s.Close()
		var abandoned *exitpool.AbandonedError
		require.ErrorAs(t, err, &abandoned)
		require.Len(t, abandoned.Names, 2)
		assert.Equal(t, "inner", abandoned.Names[0])
		assert.Equal(t, []string{"release inner"}, j.all())
		assert.Equal(t, 3*time.Second, time.Since(start), "what begins later has a time of its own")
		close(stuck)
		synctest.Wait()
	})
}

func TestAnAbandonedReleaseThatPanicsHarmsNobody(t *testing.T) { // B3
	bubble(t, func(t *testing.T) {
		var seen events
		stuck := make(chan struct{})
		var p *exitpool.ExitPool
		p, _ = exitpool.NewPool(t.Context(), exitpool.Abandon(time.Second), exitpool.Observe(seen.observe))
		p.Defer(func(context.Context) error { <-stuck; panic(errBoom) })
		p.Defer(func(context.Context) error { <-stuck; runtime.Goexit(); return nil })
		var abandoned *exitpool.AbandonedError
		require.ErrorAs(t, p.Close(), &abandoned)
		assert.Len(t, abandoned.Names, 2)
		close(stuck)
		synctest.Wait()
		assert.ErrorIs(t, errors.Join(seen.errs()...), errBoom)
	})
}

func TestUnderAbandonPanicsAndGoexitGoOn(t *testing.T) { // B3, E6
	bubble(t, func(t *testing.T) {
		run := func(f func()) end {
			return call(func() error {
				return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
					s.Defer(func(context.Context) error { f(); return nil })
					return nil
				}, exitpool.Abandon(time.Second))
			})
		}
		assert.Equal(t, "x", asPanic(t, run(func() { panic("x") }).panic).Value)
		assert.True(t, run(runtime.Goexit).goexit)
	})
}

func TestAcquireTimeoutBoundsOneResource(t *testing.T) { // B4
	bubble(t, func(t *testing.T) {
		var j journal
		for name, r := range map[string]exitpool.Resource[string]{
			"polite":   j.resource("polite", time.Hour),
			"stubborn": j.stubborn("stubborn", time.Hour),
			"foreign": func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				<-ctx.Done()
				assert.Equal(t, context.DeadlineExceeded, ctx.Err())
				return "", errBoom
			},
		} {
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, r, exitpool.AcquireTimeout(time.Second), exitpool.Name("slow"))
				return p.Wait(ctx)
			})
			assert.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.ErrorContains(t, err, "acquire slow: ", name)
			assert.Equal(t, name == "foreign", errors.Is(err, errBoom))
			_, err = exitpool.Enter(t.Context(), new(exitpool.ExitStack), r, exitpool.AcquireTimeout(time.Second))
			assert.ErrorIs(t, err, context.DeadlineExceeded, name)
		}
		assert.Equal(t, []string{"acquire stubborn", "release stubborn", "acquire stubborn", "release stubborn"}, j.all())
	})
}

func TestTheClockStandsStillInTheQueueAndInGet(t *testing.T) { // B4
	bubble(t, func(t *testing.T) {
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			slow := exitpool.Start(p, (&journal{}).resource("slow", time.Hour))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				if err := sleep(ctx, time.Second); err != nil {
					return "", err
				}
				if _, err := slow.Get(ctx); err != nil {
					return "", err
				}
				return "", sleep(ctx, time.Second)
			}, exitpool.AcquireTimeout(3*time.Second))
			return p.Wait(ctx)
		}))
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			for range 5 {
				exitpool.Start(p, (&journal{}).resource("slow", time.Hour), exitpool.AcquireTimeout(2*time.Hour))
			}
			return p.Wait(ctx)
		}, exitpool.Limit(1)))
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			slow := exitpool.Start(p, (&journal{}).resource("slow", time.Hour))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				if _, err := slow.Get(ctx); err != nil {
					return "", err
				}
				return "", sleep(ctx, time.Minute)
			}, exitpool.AcquireTimeout(time.Second))
			return p.Wait(ctx)
		})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestReleaseTimeoutBoundsOneResource(t *testing.T) { // B4, B2
	bubble(t, func(t *testing.T) {
		start := time.Now()
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			for _, name := range []string{"bounded", "free"} {
				var opts = []exitpool.EntryOption{exitpool.Name(name)}
				if name == "bounded" {
					opts = append(opts, exitpool.ReleaseTimeout(time.Second))
				}
				exitpool.Start(p, func(life context.Context, s *exitpool.ExitStack) (int, error) {
					s.Defer(func(ctx context.Context) error {
						sleep(ctx, time.Minute)
						assert.Equal(t, name == "bounded", ctx.Err() != nil)
						return nil
					})
					return 0, nil
				}, opts...)
			}
			return p.Wait(ctx)
		})
		assert.Equal(t, time.Minute, time.Since(start))
		assert.ErrorIs(t, err, exitpool.ErrGrace)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorContains(t, err, "release bounded: ")
	})
}

func TestMisusePanicsAtTheCall(t *testing.T) { // B5, section 7: golang/go#38346
	ctx := t.Context()
	var s exitpool.ExitStack
	var p exitpool.ExitPool
	body := func(context.Context, *exitpool.ExitStack) error { return nil }
	var none context.Context
	for want, f := range map[string]func(){
		"Start: nil Resource":                    func() { exitpool.Start[int](&p, nil) },
		"Start: nil ExitPool":                    func() { exitpool.Start(nil, value(1)) },
		"Start: nil EntryOption":                 func() { exitpool.Start(&p, value(1), nil) },
		"Enter: nil Resource":                    func() { exitpool.Enter[int](ctx, &s, nil) },
		"Enter: nil ExitStack":                   func() { exitpool.Enter(ctx, nil, value(1)) },
		"Enter: nil Context":                     func() { exitpool.Enter(none, &s, value(1)) },
		"Use: nil Context":                       func() { exitpool.Use(none, value(1), func(context.Context, int) error { return nil }) },
		"Use: nil Resource":                      func() { exitpool.Use(ctx, nil, func(context.Context, int) error { return nil }) },
		"Use: nil body":                          func() { exitpool.Use(ctx, value(1), nil) },
		"WithStack: nil body":                    func() { exitpool.WithStack(ctx, nil) },
		"WithPool: nil body":                     func() { exitpool.WithPool(ctx, nil) },
		"WithStack: nil Context":                 func() { exitpool.WithStack(none, body) },
		"NewStack: nil Context":                  func() { exitpool.NewStack(none) },
		"WithPool: nil Context":                  func() { exitpool.WithPool(none, func(context.Context, *exitpool.ExitPool) error { return nil }) },
		"Use: nil Option":                        func() { exitpool.Use(ctx, value(1), func(context.Context, int) error { return nil }, nil) },
		"NewPool: nil Context":                   func() { exitpool.NewPool(none) },
		"NewPool: nil Option":                    func() { exitpool.NewPool(ctx, nil) },
		"Pool: nil Context":                      func() { s.Pool(none) },
		"Defer: nil function":                    func() { s.Defer(nil) },
		"DeferClose: nil Closer":                 func() { s.DeferClose(nil) },
		"Push: nil function":                     func() { p.Push(nil) },
		"Go: nil function":                       func() { s.Go(nil) },
		"Wait: nil Context":                      func() { p.Wait(none) },
		"Get: nil Context":                       func() { exitpool.Start(&p, value(1)).Get(none) },
		"AcquireRelease: nil acquire":            func() { exitpool.AcquireRelease(nil, func(context.Context, int) error { return nil }) },
		"AcquireRelease: nil release":            func() { exitpool.AcquireRelease(func(context.Context) (int, error) { return 0, nil }, nil) },
		"Closing: nil function":                  func() { exitpool.Closing[closeFunc](nil) },
		"ContextManager: nil function":           func() { exitpool.ContextManager[int](nil) },
		"Gather: nil Resource":                   func() { exitpool.Gather(value(1), nil) },
		"Race: 1 of 0":                           func() { exitpool.Race[int]() },
		"Race: nil Resource":                     func() { exitpool.Race[int](nil) },
		"Quorum: 0 of 1":                         func() { exitpool.Quorum(0, value(1)) },
		"Quorum: 2 of 1":                         func() { exitpool.Quorum(2, value(1)) },
		"Limit: 0 is below 1":                    func() { exitpool.Limit(0) },
		"Weight: -1 is below 1":                  func() { exitpool.Weight(-1) },
		"Grace: negative duration -1ns":          func() { exitpool.Grace(-1) },
		"Abandon: negative duration -1ns":        func() { exitpool.Abandon(-1) },
		"AcquireTimeout: negative duration -1ns": func() { exitpool.AcquireTimeout(-1) },
		"ReleaseTimeout: negative duration -1ns": func() { exitpool.ReleaseTimeout(-1) },
		"Observe: nil function":                  func() { exitpool.Observe(nil) },
	} {
		assert.PanicsWithValue(t, "exitpool: "+want, f)
	}
	assert.PanicsWithValue(t, "exitpool: Defer: nil function", func() { p.Defer(nil) })
	assert.PanicsWithValue(t, "exitpool: DeferClose: nil Closer", func() { p.DeferClose(nil) })
	assert.PanicsWithValue(t, "exitpool: Push: nil function", func() { s.Push(nil) })
	require.NoError(t, p.Close())
	require.NoError(t, s.Close())
}

type nilCloser struct{ closed bool }

func (c *nilCloser) Close() error {
	if c == nil {
		return errBoom
	}
	c.closed = true
	return nil
}

func TestTheMethodOfATypedNilCloserIsCalled(t *testing.T) { // B5
	var s exitpool.ExitStack
	s.DeferClose((*nilCloser)(nil))
	assert.ErrorIs(t, s.Close(), errBoom)
}

func TestNestedScopesInheritTheOptions(t *testing.T) { // B6
	bubble(t, func(t *testing.T) {
		slow := func(ctx context.Context) error { sleep(ctx, time.Hour); return nil }
		took := func(opts ...exitpool.Option) time.Duration {
			return elapsed(func() {
				exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
					p := s.Pool(ctx, opts...)
					exitpool.Start(p, exitpool.Gather(func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
						s.Defer(slow)
						return 0, nil
					}))
					return p.Wait(ctx)
				}, exitpool.Grace(time.Second))
			})
		}
		assert.Equal(t, time.Second, took())
		assert.Equal(t, time.Minute, took(exitpool.Grace(time.Minute)))
	})
}

func TestACloserThatRunsOverTheGraceIsNamed(t *testing.T) { // B2
	bubble(t, func(t *testing.T) {
		err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.DeferClose(slowCloser{})
			return nil
		}, exitpool.Grace(time.Second))
		assert.EqualError(t, err, "release (exitpool_test.slowCloser).Close#0: exitpool: grace period over")
	})
}

type slowCloser struct{}

func (slowCloser) Close() error { time.Sleep(time.Minute); return nil }

func TestValueOfAnAbandonedMemberSaysSo(t *testing.T) { // B3, D6
	bubble(t, func(t *testing.T) {
		var j journal
		p, _ := exitpool.NewPool(t.Context(), exitpool.Abandon(time.Second))
		e := exitpool.Start(p, j.stubborn("slow", time.Hour), exitpool.Name("slow"))
		synctest.Wait() // it has begun
		assert.EqualError(t, p.Close(), "abandoned slow")
		assert.PanicsWithValue(t, "exitpool: Value: slow is not held: abandoned", func() { e.Value() })
		time.Sleep(2 * time.Hour)
	})
}
