package exitpool_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the other tests did not notice when it was taken out (ci/mutate).

func TestUnwindStoresTheOutcomeBesideAPanicToo(t *testing.T) { // R7, E6
	var err error
	e := call(func() error {
		s, _ := exitpool.NewStack(t.Context())
		defer s.Unwind(&err)
		panic(errBoom)
	})
	assert.Equal(t, errBoom, e.panic)
	assert.ErrorIs(t, err, errBoom)
}

func TestUnwindOfAPoolTellsGoexit(t *testing.T) { // X1, E6
	var told, err error
	e := call(func() error {
		p, _ := exitpool.NewPool(t.Context())
		defer p.Unwind(&err)
		p.Push(func(_ context.Context, cause error) error { told = cause; return nil })
		runtime.Goexit()
		return nil
	})
	assert.True(t, e.goexit)
	assert.Equal(t, exitpool.ErrGoexit, told)
	assert.Equal(t, exitpool.ErrGoexit, err)
}

func TestGatherPanicsWhereItWasCalled(t *testing.T) { // E6
	panics := func(context.Context, *exitpool.ExitStack) (int, error) { panic(errBoom) }
	for _, r := range []func(*exitpool.ExitStack) error{
		func(s *exitpool.ExitStack) error { _, err := exitpool.Gather(panics)(t.Context(), s); return err },
		func(s *exitpool.ExitStack) error { _, err := exitpool.Race(panics)(t.Context(), s); return err },
	} {
		var s exitpool.ExitStack
		assert.ErrorIs(t, asPanic(t, call(func() error { return r(&s) }).panic), errBoom)
		assert.ErrorIs(t, asPanic(t, call(s.Close).panic), errBoom)
	}
}

func TestTheLosersOfARaceAreCancelledWhileTheBodyRuns(t *testing.T) { // R12
	bubble(t, func(t *testing.T) {
		var j journal
		err := exitpool.Use(t.Context(), exitpool.Race(j.resource("winner", time.Second),
			func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				s.Defer(j.release("part of the loser"))
				<-ctx.Done()
				return "", ctx.Err()
			}), func(ctx context.Context, _ string) error {
			synctest.Wait()
			assert.Equal(t, []string{"acquire winner", "release part of the loser"}, j.all())
			return nil
		})
		assert.NoError(t, err)
	})
}

func TestStartAfterAForcedExitIsErrClosed(t *testing.T) { // R6
	p, _ := exitpool.NewPool(t.Context())
	p.Cancel(errBoom)
	_, err := exitpool.Start(p, value(1)).Get(t.Context())
	assert.Equal(t, errBoom, err, "while the body still runs")
	assert.Equal(t, errBoom, p.Close())
	_, err = exitpool.Start(p, value(1)).Get(t.Context())
	assert.Equal(t, exitpool.ErrClosed, err)
}

func TestAReleaseThatRunsWhenExitBeginsFreesWhatItsMemberUsed(t *testing.T) { // R10, D1
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		used := exitpool.Start(p, j.resource("used", 0))
		user := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
			s.Defer(func(context.Context) error { time.Sleep(time.Second); j.add("release user"); return nil })
			return used.Get(ctx)
		})
		require.NoError(t, p.Wait(ctx))
		go user.Release()
		synctest.Wait()
		assert.NoError(t, p.Close())
		assert.Equal(t, []string{"acquire used", "release user", "release used"}, j.all())
	})
}

func TestAHeldMemberWhoseOwnCodeExitsItsStackIsWaitedFor(t *testing.T) { // R7, R8
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		inside := make(chan *exitpool.ExitStack, 1)
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { time.Sleep(time.Second); j.add("released"); return nil })
			inside <- s
			return 0, nil
		})
		require.NoError(t, p.Wait(ctx))
		go (<-inside).Close()
		synctest.Wait()
		assert.NoError(t, p.Close())
		assert.Equal(t, []string{"released"}, j.all())
	})
}

func TestTheLifetimeContextEndsWithAPlainReleaseToo(t *testing.T) { // C2
	var s exitpool.ExitStack
	var lifetime context.Context
	_, err := exitpool.Enter(t.Context(), &s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		lifetime = ctx
		return 0, nil
	})
	require.NoError(t, err)
	assert.NoError(t, lifetime.Err())
	require.NoError(t, s.Close())
	assert.Equal(t, context.Canceled, lifetime.Err())
}

func TestTheContextGoesWithPopAll(t *testing.T) { // R11, C5
	s, ctx := exitpool.NewStack(t.Context())
	moved := s.PopAll()
	require.NoError(t, s.Close())
	assert.NoError(t, ctx.Err())
	require.NoError(t, moved.Close())
	assert.Equal(t, exitpool.ErrClosed, context.Cause(ctx))
}

func TestANestedPoolHasAnOutcomeOfItsOwn(t *testing.T) { // R6, R7
	s, ctx := exitpool.NewStack(t.Context())
	p := s.Pool(ctx)
	p.Defer(fails(errOther))
	assert.ErrorIs(t, s.Exit(errBody), errOther)
	assert.ErrorIs(t, p.Close(), errOther)
	var told error
	p.Push(func(_ context.Context, cause error) error { told = cause; return nil })
	assert.ErrorIs(t, told, errBody)
	assert.ErrorIs(t, told, errOther)
}

func TestAnObserverIsToldWhyAnAcquisitionFailed(t *testing.T) { // S5
	var seen events
	err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(fails(errOther))
			return 0, errBoom
		}, exitpool.Name("a"))
		return p.Wait(ctx)
	}, exitpool.Observe(seen.observe))
	ended := seen.find(func(ev exitpool.Event) bool { return ev.Op == exitpool.OpAcquire && ev.Done })
	require.Len(t, ended, 1)
	assert.ErrorIs(t, ended[0].Err, errBoom)
	assert.ErrorIs(t, ended[0].Err, errOther)
	assert.ErrorIs(t, err, errOther)
}

func TestStatusKnowsSinceWhen(t *testing.T) { // B1
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Limit(1))
		exitpool.Start(p, j.resource("first", time.Second))
		exitpool.Start(p, j.resource("second", time.Hour))
		started := time.Now()
		synctest.Wait()
		assert.Equal(t, exitpool.State("queued"), p.Status()[1].State)
		time.Sleep(2 * time.Second)
		p.Defer(func(context.Context) error {
			p.Defer(func(context.Context) error { time.Sleep(time.Second); return nil })
			return nil
		})
		all := p.Status()
		assert.Equal(t, exitpool.State("acquiring"), all[1].State)
		assert.True(t, all[1].Since.Equal(started.Add(time.Second)))
		assert.True(t, all[2].Since.Equal(started.Add(2*time.Second)))
		require.NoError(t, p.Wait(ctx))
		go p.Close()
		synctest.Wait()
		all = p.Status()
		require.Len(t, all, 1)
		assert.Equal(t, exitpool.State("releasing"), all[0].State)
		assert.NoError(t, p.Close())
	})
}

func TestStatusAfterAnAbandonedAcquisitionHasEnded(t *testing.T) { // B3
	bubble(t, func(t *testing.T) {
		var j journal
		p, _ := exitpool.NewPool(t.Context(), exitpool.Abandon(time.Second))
		exitpool.Start(p, j.stubborn("slow", time.Hour))
		synctest.Wait()
		assert.Error(t, p.Close())
		time.Sleep(2 * time.Hour)
		assert.Empty(t, p.Status())
		assert.Equal(t, []string{"acquire slow", "release slow"}, j.all())
	})
}

func TestAGetInsideAHeldMemberWaitsForNoShare(t *testing.T) { // D5
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Limit(2))
		a := exitpool.Start(p, j.resource("a", time.Hour))
		got := make(chan error, 1)
		m := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			go func() {
				_, err := a.Get(ctx)
				got <- err
			}()
			time.Sleep(2 * time.Hour)
			return 0, nil
		})
		exitpool.Start(p, j.stubborn("all", 10*time.Hour), exitpool.Weight(2)) // first in line when a is there
		took := elapsed(func() {
			_, err := m.Get(ctx)
			require.NoError(t, err)
			assert.NoError(t, <-got)
		})
		assert.Equal(t, 2*time.Hour, took)
		require.NoError(t, p.Wait(ctx))
		assert.NoError(t, p.Close())
	})
}

func TestASecondFailureExcusesItsUsersInside(t *testing.T) { // D4, D7
	bubble(t, func(t *testing.T) {
		made := make(chan *exitpool.Entry[string], 1)
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, failing(time.Millisecond, errBody), exitpool.Name("first"))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				made <- exitpool.Start(s.Pool(ctx), value("inner"))
				time.Sleep(time.Second)
				return "", errBoom
			}, exitpool.Name("outer"))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				time.Sleep(time.Minute)
				return (<-made).Get(context.WithoutCancel(ctx))
			}, exitpool.Name("user"))
			return p.Wait(ctx)
		})
		assert.True(t, errors.Is(err, errBoom))
		assert.EqualError(t, err, "acquire first: body; acquire outer: boom")
	})
}
