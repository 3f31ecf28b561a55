package exitpool_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the exit of a pool does, and no other test noticed (ci/mutate).

func TestWhatRegistersWhileTheOutcomeOfANestedPoolIsMadeIsToldTheCause(t *testing.T) { // R6, X1
	var mu sync.Mutex
	var told []error
	s, ctx := exitpool.NewStack(t.Context())
	p := s.Pool(ctx)
	p.Defer(fails(errOther))
	cause := &reentrant{func() {
		p.Push(func(_ context.Context, cause error) error {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, cause)
			return nil
		})
	}}
	assert.ErrorIs(t, s.Exit(cause), errOther)
	require.NotEmpty(t, told)
	for _, err := range told {
		assert.ErrorIs(t, err, cause)
	}
}

func TestEveryPanicOfAnObserverInANestedPoolIsReported(t *testing.T) { // E2, E6, S5
	panics := map[string]error{"a": errBoom, "b": errOther}
	s, ctx := exitpool.NewStack(t.Context(), exitpool.Observe(func(ev exitpool.Event) {
		if err := panics[ev.Name]; err != nil && ev.Op == exitpool.OpRelease && ev.Done {
			panic(err)
		}
	}))
	p := s.Pool(ctx)
	exitpool.Start(p, value(1), exitpool.Name("a"))
	exitpool.Start(p, value(1), exitpool.Name("b"))
	require.NoError(t, p.Wait(ctx))
	broke := asPanic(t, call(s.Close).panic)
	assert.ErrorIs(t, broke, errBoom)
	assert.ErrorIs(t, broke, errOther)
}

func TestReleaseDoesNotRaiseThePanicThatForcedTheExit(t *testing.T) { // R10, E6
	bubble(t, func(t *testing.T) {
		die := make(chan struct{})
		p, ctx := exitpool.NewPool(t.Context())
		m := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			inner := exitpool.Start(s.Pool(ctx), func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Go(func(context.Context) error { <-die; panic(errBoom) })
				return 0, nil
			})
			return inner.Get(ctx)
		})
		require.NoError(t, p.Wait(ctx))
		close(die)
		synctest.Wait()
		assert.Equal(t, end{}, call(m.Release))
		assert.ErrorIs(t, asPanic(t, call(p.Close).panic), errBoom)
	})
}

func TestAPushInAnOptionalMemberIsNotToldWhatFailedInIt(t *testing.T) { // F7, X1
	bubble(t, func(t *testing.T) {
		told := errBody
		p, ctx := exitpool.NewPool(t.Context())
		e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (*exitpool.ExitPool, error) {
			s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
			return s.Pool(ctx), nil
		}, exitpool.Optional())
		require.NoError(t, p.Wait(ctx))
		inner := e.Value()
		a := exitpool.Start(inner, failing(time.Second, errBoom))
		b := exitpool.Start(inner, failing(2*time.Second, errOther))
		_, err := a.Get(ctx)
		require.ErrorIs(t, err, errBoom)
		_, err = b.Get(ctx)
		require.ErrorIs(t, err, errOther)
		assert.NoError(t, p.Close())
		assert.NoError(t, told)
	})
}

func TestWhatTheCallerCutOffMakesTheResultThatAlsoIfItIsAbandoned(t *testing.T) { // C6, B3
	bubble(t, func(t *testing.T) {
		var j journal
		ctx, cancel := context.WithCancelCause(t.Context())
		p, _ := exitpool.NewPool(ctx, exitpool.Abandon(time.Second))
		exitpool.Start(p, j.stubborn("slow", time.Minute))
		synctest.Wait()
		cancel(errBoom)
		err := p.Close()
		assert.ErrorAs(t, err, new(*exitpool.AbandonedError))
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, errBoom)
		time.Sleep(time.Hour)
	})
}

func TestExitWaitsForAReleaseBesideWhatItAbandons(t *testing.T) { // R10, B3
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Abandon(10*time.Second))
		m := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			for range 2 { // none of them takes too long
				s.Defer(func(context.Context) error { time.Sleep(9 * time.Second); return nil })
			}
			return 0, nil
		})
		require.NoError(t, p.Wait(ctx))
		exitpool.Start(p, j.stubborn("slow", time.Minute), exitpool.Name("slow"))
		synctest.Wait()
		go m.Release()
		synctest.Wait()
		took := elapsed(func() {
			var abandoned *exitpool.AbandonedError
			require.ErrorAs(t, p.Close(), &abandoned)
			assert.Equal(t, []string{"slow"}, abandoned.Names)
		})
		assert.Equal(t, 18*time.Second, took)
		time.Sleep(time.Hour)
	})
}

func TestGetTellsThatAnAcquisitionIsAbandoned(t *testing.T) { // B3
	bubble(t, func(t *testing.T) {
		var j journal
		p, _ := exitpool.NewPool(t.Context(), exitpool.Abandon(time.Second))
		slow := exitpool.Start(p, j.stubborn("slow", time.Minute), exitpool.Name("slow"))
		got := make(chan error, 1)
		go func() {
			_, err := slow.Get(context.Background())
			got <- err
		}()
		synctest.Wait()
		assert.Error(t, p.Close())
		var abandoned *exitpool.AbandonedError
		require.ErrorAs(t, <-got, &abandoned)
		assert.Equal(t, []string{"slow"}, abandoned.Names)
		time.Sleep(time.Hour)
	})
}

func TestANestedPoolWithoutAPushHasNoSay(t *testing.T) { // X2
	p, ctx := exitpool.NewPool(t.Context())
	p.Push(func(context.Context, error) error { return exitpool.Suppress })
	exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		s.Pool(ctx).Defer(fails(nil))
		return 0, nil
	})
	require.NoError(t, p.Wait(ctx))
	assert.NoError(t, p.Exit(errBody))
}

func TestSuppressInAPoolDropsAllThatItsMembersWereTold(t *testing.T) { // X2
	var told error
	p, _ := exitpool.NewPool(t.Context())
	p.Push(func(_ context.Context, cause error) error { told = cause; return exitpool.Suppress })
	p.Cancel(errBoom)
	assert.NoError(t, p.Exit(errBody))
	assert.ErrorIs(t, told, errBody)
	assert.ErrorIs(t, told, errBoom)
}

func TestAReleaseThatRacesWithExitReturnsWhatFailed(t *testing.T) { // R10
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context())
		e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { time.Sleep(time.Second); return errBoom })
			return 0, nil
		})
		require.NoError(t, p.Wait(ctx))
		exited := make(chan error, 1)
		go func() { exited <- p.Close() }()
		synctest.Wait()
		took := elapsed(func() { assert.ErrorIs(t, e.Release(), errBoom) })
		assert.Equal(t, time.Second, took)
		assert.ErrorIs(t, <-exited, errBoom)
		assert.ErrorIs(t, e.Release(), errBoom)
	})
}
