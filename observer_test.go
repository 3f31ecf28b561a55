package exitpool_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// panicsAt returns an observer that panics at the begin, or the end, of an
// operation of something with that name.
func panicsAt(op exitpool.Op, name string, done bool) exitpool.Option {
	return exitpool.Observe(func(ev exitpool.Event) {
		if ev.Op == op && ev.Name == name && ev.Done == done {
			panic(errBoom)
		}
	})
}

func TestAnObserverThatPanicsAtATaskForcesTheExit(t *testing.T) { // S5, E6
	bubble(t, func(t *testing.T) {
		var j journal
		e := call(func() error {
			return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
				s.Defer(j.release("first"))
				s.Go(untilDone)
				<-ctx.Done()
				return nil
			}, exitpool.Observe(func(ev exitpool.Event) {
				if ev.Op == exitpool.OpRun && !ev.Done {
					panic(errBoom)
				}
			}))
		})
		assert.ErrorIs(t, asPanic(t, e.panic), errBoom)
		assert.Equal(t, []string{"release first"}, j.all())
	})
}

func TestAnObserverThatPanicsAtAnEnterForcesTheExit(t *testing.T) { // S5, E6
	var j journal
	e := call(func() error {
		return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			_, err := exitpool.Enter(ctx, s, j.resource("a", 0), exitpool.Name("a"))
			return err
		}, panicsAt(exitpool.OpAcquire, "a", false))
	})
	assert.ErrorIs(t, asPanic(t, e.panic), errBoom)
}

func TestAnObserverThatPanicsWhileANestedPoolIsReleasedIsNotLost(t *testing.T) { // S5, E6
	for _, done := range []bool{false, true} {
		var j journal
		e := call(func() error {
			return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
				p := s.Pool(ctx)
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
					return exitpool.Enter(ctx, s, j.resource("a", 0), exitpool.Name("a"))
				})
				return p.Wait(ctx)
			}, panicsAt(exitpool.OpRelease, "a", done))
		})
		assert.ErrorIs(t, asPanic(t, e.panic), errBoom)
		assert.Equal(t, []string{"acquire a", "release a"}, j.all())
	}
}

func TestAnObserverThatPanicsAtALateRegistrationPanicsInItsCaller(t *testing.T) { // R6, E6
	var s *exitpool.ExitStack
	var j journal
	s, _ = exitpool.NewStack(t.Context(), exitpool.Observe(func(ev exitpool.Event) { panic(errBoom) }))
	require.NoError(t, s.Close())
	e := call(func() error { s.Defer(j.release("late")); return nil })
	assert.ErrorIs(t, asPanic(t, e.panic), errBoom)
	assert.Equal(t, []string{"release late"}, j.all())
}

func TestAnObserverThatPanicsAtTheEndOfWhatWasAbandonedHarmsNobody(t *testing.T) { // B3, E6
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Abandon(time.Second),
			exitpool.Observe(func(ev exitpool.Event) {
				if ev.Name == "stuck" && ev.Op == exitpool.OpRelease && ev.Done && ev.Err == errOther {
					panic(errBoom)
				}
			}))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { time.Sleep(time.Hour); return errOther })
			return 0, nil
		}, exitpool.Name("stuck"))
		require.NoError(t, p.Wait(ctx))
		assert.EqualError(t, p.Close(), "abandoned stuck")
		time.Sleep(2 * time.Hour)
	})
}

func TestAnObserverMayWaitForItsOtherCalls(t *testing.T) { // S5
	bubble(t, func(t *testing.T) {
		told := make(chan struct{})
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, value(1), exitpool.Name("a"))
			exitpool.Start(p, value(2), exitpool.Name("b"))
			return p.Wait(ctx)
		}, exitpool.Observe(func(ev exitpool.Event) {
			switch {
			case ev.Op != exitpool.OpAcquire || ev.Done:
			case ev.Name == "a":
				<-told
			case ev.Name == "b":
				close(told)
			}
		}))
		assert.NoError(t, err)
	})
}

func TestEachObserverIsToldAndOnePanicsForItself(t *testing.T) { // S5, E6
	var first, second atomic.Int64
	e := call(func() error {
		return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(func(context.Context) error { return nil })
			s.Pool(ctx).Defer(func(context.Context) error { return nil })                                            // inherits both
			s.Pool(ctx, exitpool.Observe(func(exitpool.Event) {})).Defer(func(context.Context) error { return nil }) // has its own
			return nil
		}, exitpool.Observe(func(exitpool.Event) { first.Add(1); panic(errBoom) }), exitpool.Observe(func(exitpool.Event) { second.Add(1) }))
	})
	assert.ErrorIs(t, asPanic(t, e.panic), errBoom)
	assert.EqualValues(t, 4, first.Load(), "of two releases the beginning and the end")
	assert.EqualValues(t, 4, second.Load())
}

func TestObserversAreCalledInTheOrderInWhichTheyWereGiven(t *testing.T) { // S5
	var j journal
	writes := func(who string) exitpool.Option {
		return exitpool.Observe(func(ev exitpool.Event) { j.add("%s %t", who, ev.Done) })
	}
	require.NoError(t, exitpool.WithStack(t.Context(), func(_ context.Context, s *exitpool.ExitStack) error {
		s.Defer(func(context.Context) error { return nil })
		return nil
	}, writes("first"), exitpool.Grace(time.Hour), writes("second")))
	assert.Equal(t, []string{"first false", "second false", "first true", "second true"}, j.all())
}

func TestAnEventTellsWhetherAnAcquisitionOrTaskWasOnlyCancelled(t *testing.T) { // S5, E3
	bubble(t, func(t *testing.T) {
		ends := map[string]bool{}
		var mu sync.Mutex
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
				s.Go(func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
				return 0, nil
			}, exitpool.Name("serves"))
			bad := exitpool.Start(p, failing(time.Second, errBoom), exitpool.Name("bad"))
			exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
				<-ctx.Done()
				return 0, context.Cause(ctx)
			}, exitpool.Name("cut"))
			exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
				_, err := bad.Get(ctx)
				return 0, err
			}, exitpool.Name("user"))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(fails(errOther))
				<-ctx.Done()
				return 0, ctx.Err()
			}, exitpool.Name("cut, and fails in releasing"))
			return p.Wait(ctx)
		}, exitpool.Observe(func(ev exitpool.Event) {
			if ev.Done && ev.Op != exitpool.OpRelease {
				mu.Lock()
				defer mu.Unlock()
				ends[string(ev.Op)+" "+ev.Name] = ev.Cancelled
				assert.True(t, ev.Err != nil || !ev.Cancelled)
			}
		}))
		assert.ErrorIs(t, err, errBoom)
		assert.Equal(t, map[string]bool{
			"acquire serves": false, "run serves": true, "acquire bad": false, "acquire cut": true, "acquire user": true,
			"acquire cut, and fails in releasing": false,
		}, ends)
	})
}
