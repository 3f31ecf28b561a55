package exitpool_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What becomes of an acquisition that came to nothing.

func TestOfALoserThatIsCutOffOnlyReleasesCount(t *testing.T) { // R12
	bubble(t, func(t *testing.T) {
		var j journal
		loser := func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
			return "", exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
				s.Defer(fails(errBoom))
				s.Go(func(ctx context.Context) error { <-ctx.Done(); return errOther })
				<-ctx.Done()
				return ctx.Err()
			})
		}
		err := exitpool.Use(t.Context(), exitpool.Race(j.resource("winner", time.Second), loser),
			func(context.Context, string) error { return nil })
		assert.ErrorIs(t, err, errBoom)
		assert.NotErrorIs(t, err, errOther)
	})
}

func TestAPushInAFailedAcquisitionIsToldItsError(t *testing.T) { // R3, X1
	var told error
	r := func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
		return 0, errBoom
	}
	var s exitpool.ExitStack
	_, err := exitpool.Enter(t.Context(), &s, r)
	assert.Equal(t, errBoom, err)
	assert.Equal(t, errBoom, told)
	assert.NoError(t, s.Close())

	told = nil
	p, _ := exitpool.NewPool(t.Context())
	_, err = exitpool.Start(p, r).Get(t.Context()) // not with the body's context, which ends before
	assert.ErrorIs(t, err, errBoom)
	assert.Equal(t, errBoom, told)
	assert.ErrorIs(t, p.Close(), errBoom)
}

func TestAPushOfWhatCameTooLateIsToldWhy(t *testing.T) { // R2, X1
	var p *exitpool.ExitPool
	var told error
	p, ctx := exitpool.NewPool(t.Context(), exitpool.Observe(func(ev exitpool.Event) {
		if ev.Op == exitpool.OpAcquire && ev.Done { // it is good, and not held yet
			p.Cancel(errBoom)
		}
	}))
	_, err := exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
		s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
		return 0, nil
	}).Get(context.WithoutCancel(ctx))
	assert.Equal(t, errBoom, err)
	assert.Equal(t, errBoom, told)
	assert.Equal(t, errBoom, p.Close())
}

func TestTheStackOfAFailedAcquisitionHasExited(t *testing.T) { // R6, R7
	bubble(t, func(t *testing.T) {
		var s exitpool.ExitStack
		var inside *exitpool.ExitStack
		_, err := exitpool.Enter(t.Context(), &s, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			inside = s
			return 0, errBoom
		})
		require.Equal(t, errBoom, err)
		assert.Equal(t, errBoom, inside.Close())
		var told error
		inside.Push(func(_ context.Context, cause error) error { told = cause; return nil })
		assert.Equal(t, errBoom, told)
		assert.NoError(t, s.Close())
	})
}

func TestTheReleaseOfALateAcquisitionIsAnEvent(t *testing.T) { // S5, R2
	bubble(t, func(t *testing.T) {
		var j journal
		p, _ := exitpool.NewPool(t.Context(), exitpool.Observe(func(ev exitpool.Event) {
			j.add("%s %s %v %v", ev.Op, ev.Name, ev.Done, ev.Err)
		}))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			time.Sleep(time.Second)
			s.Defer(fails(nil))
			return 0, nil
		}, exitpool.Name("late"))
		synctest.Wait()
		assert.NoError(t, p.Close())
		assert.Equal(t, []string{
			"acquire late false <nil>", "acquire late true <nil>",
			"release late false <nil>", "release late true <nil>",
		}, j.all())
	})
}

func TestAReleaseTimeoutOfZeroForcesTheUnwindingOfAFailedAcquisition(t *testing.T) { // B4, C1
	var s exitpool.ExitStack
	var cause error
	_, err := exitpool.Enter(t.Context(), &s, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
		s.Defer(func(ctx context.Context) error { cause = context.Cause(ctx); return nil })
		return 0, errBoom
	}, exitpool.ReleaseTimeout(0))
	assert.Equal(t, errBoom, err)
	assert.Equal(t, exitpool.ErrGrace, cause)
	assert.NoError(t, s.Close())
}

func TestWhoIsReleasedWhileQueuedLeavesTheQueue(t *testing.T) { // B1, R10
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Limit(2))
		exitpool.Start(p, j.resource("first", time.Hour))
		heavy := exitpool.Start(p, j.resource("heavy", 0), exitpool.Weight(2))
		light := exitpool.Start(p, j.resource("light", 0))
		synctest.Wait()
		require.Empty(t, j.all(), "first come, first served")
		assert.NoError(t, heavy.Release())
		took := elapsed(func() {
			_, err := light.Get(ctx)
			assert.NoError(t, err)
		})
		assert.Zero(t, took)
		require.NoError(t, p.Wait(ctx))
		assert.NoError(t, p.Close())
	})
}

func TestGetTellsWhyAMemberWasNotBegun(t *testing.T) { // C6
	bubble(t, func(t *testing.T) {
		var j journal
		p, _ := exitpool.NewPool(t.Context(), exitpool.Limit(1))
		exitpool.Start(p, j.stubborn("first", time.Second))
		queued := exitpool.Start(p, j.resource("queued", 0))
		synctest.Wait()
		p.Cancel(errBoom)
		_, err := queued.Get(context.Background())
		assert.Equal(t, errBoom, err)
		assert.Equal(t, errBoom, p.Close())
		assert.Equal(t, []string{"acquire first", "release first"}, j.all())
	})
}
