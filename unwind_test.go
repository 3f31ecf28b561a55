package exitpool_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The way out of a stack: what is told, waited for and kept.

func TestCancelNilAfterACauseAddsNothing(t *testing.T) { // F1, F4
	s, _ := exitpool.NewStack(t.Context())
	s.Cancel(errBoom)
	s.Cancel(nil)
	assert.Equal(t, errBoom, s.Close())
}

func TestACancelInTimeIsNoEvent(t *testing.T) { // F1, S5
	var seen events
	s, _ := exitpool.NewStack(t.Context(), exitpool.Observe(seen.observe))
	s.Cancel(errBoom)
	assert.Empty(t, seen.errs())
	assert.Equal(t, errBoom, s.Close())
	s.Cancel(errOther)
	assert.Equal(t, []error{errOther}, seen.errs())
}

func TestExitWaitsForAFailedEnterBesideWhatItAbandons(t *testing.T) { // R12, B3
	bubble(t, func(t *testing.T) {
		var j journal
		s, _ := exitpool.NewStack(t.Context(), exitpool.Abandon(10*time.Second))
		go exitpool.Enter(context.Background(), s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			for range 2 { // none of them takes too long
				s.Defer(func(context.Context) error { time.Sleep(9 * time.Second); return nil })
			}
			<-ctx.Done()
			return 0, ctx.Err()
		})
		go exitpool.Enter(context.Background(), s, j.stubborn("slow", 15*time.Second), exitpool.Name("slow"))
		synctest.Wait()
		took := elapsed(func() {
			var abandoned *exitpool.AbandonedError
			require.ErrorAs(t, s.Close(), &abandoned)
			assert.Equal(t, []string{"slow"}, abandoned.Names)
		})
		assert.Equal(t, 18*time.Second, took)
		assert.Equal(t, []string{"acquire slow", "release slow"}, j.all())
	})
}

func TestWhatAnObserverOfAReleaseRegistersRuns(t *testing.T) { // R1, R6
	for _, failure := range []error{nil, errBoom} {
		var inside *exitpool.ExitStack
		ran := 0
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Observe(func(ev exitpool.Event) {
			if ev.Op == exitpool.OpRelease && ev.Done && ev.Name == "m" {
				inside.Defer(func(context.Context) error { ran++; return nil })
			}
		}))
		exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			inside = s
			s.Defer(fails(failure))
			return 0, nil
		}, exitpool.Name("m"))
		require.NoError(t, p.Wait(ctx))
		assert.ErrorIs(t, p.Close(), failure)
		assert.Equal(t, 1, ran)
	}
}

func TestTheStackOfAMemberKeepsWhatFailedInItsRelease(t *testing.T) { // R7
	var inside *exitpool.ExitStack
	p, ctx := exitpool.NewPool(t.Context())
	exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
		inside = s
		s.Defer(fails(errBoom))
		return 0, nil
	})
	require.NoError(t, p.Wait(ctx))
	assert.ErrorIs(t, p.Close(), errBoom)
	assert.ErrorIs(t, inside.Close(), errBoom)
}

func TestAPushThatFailsAfterTheGraceIsNamed(t *testing.T) { // B2
	s, _ := exitpool.NewStack(t.Context(), exitpool.Grace(0))
	s.Push(func(context.Context, error) error { return errBoom })
	err := s.Close()
	assert.ErrorIs(t, err, errBoom)
	assert.ErrorIs(t, err, exitpool.ErrGrace)
}

func TestAbandonOfZeroStopsWaitingWhenTheGraceIsOver(t *testing.T) { // B3
	bubble(t, func(t *testing.T) {
		s, _ := exitpool.NewStack(t.Context(), exitpool.Grace(time.Second), exitpool.Abandon(0))
		s.Defer(func(context.Context) error { time.Sleep(time.Hour); return nil })
		took := elapsed(func() { assert.ErrorAs(t, s.Close(), new(*exitpool.AbandonedError)) })
		assert.Equal(t, time.Second, took)
		time.Sleep(2 * time.Hour)
	})
}

func TestWhatFailsInAMemberBesideAGoexitIsKept(t *testing.T) { // E2, E6
	s, ctx := exitpool.NewStack(t.Context())
	_, err := exitpool.Enter(ctx, s, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
		s.Defer(func(context.Context) error { runtime.Goexit(); return nil })
		s.Defer(fails(errBoom))
		return 0, nil
	})
	require.NoError(t, err)
	assert.True(t, call(s.Close).goexit)
	err = s.Close()
	assert.ErrorIs(t, err, exitpool.ErrGoexit)
	assert.ErrorIs(t, err, errBoom)
}
