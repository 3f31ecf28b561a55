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

// Release of one member, before and after it is held.

func TestStatusOfAMemberThatIsReleasedWhileItsResourceRuns(t *testing.T) { // R10
	bubble(t, func(t *testing.T) {
		p, _ := exitpool.NewPool(t.Context())
		e := exitpool.Start(p, (&journal{}).stubborn("slow", time.Second))
		synctest.Wait()
		go e.Release()
		synctest.Wait()
		assert.Equal(t, exitpool.State("acquiring"), p.Status()[0].State)
		assert.NoError(t, p.Close())
	})
}

// unfinished starts a member that registers release and is acquired no more.
func unfinished(p *exitpool.ExitPool, release func(context.Context) error) *exitpool.Entry[int] {
	e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		s.Defer(release)
		<-ctx.Done()
		return 0, ctx.Err()
	}, exitpool.Name("a"))
	synctest.Wait()
	return e
}

func TestAPanicInTheReleaseOfWhatIsBeingAcquiredGoesOnInRelease(t *testing.T) { // R10, E6
	bubble(t, func(t *testing.T) {
		p, _ := exitpool.NewPool(t.Context())
		e := unfinished(p, func(context.Context) error { panic(errBoom) })
		assert.ErrorIs(t, asPanic(t, call(e.Release).panic), errBoom)
		assert.NoError(t, p.Close(), "it is not repeated")
	})
}

func TestReleaseOfWhatIsBeingAcquiredReturnsWhatFailedInIt(t *testing.T) { // R10, E1
	bubble(t, func(t *testing.T) {
		p, _ := exitpool.NewPool(t.Context())
		e := unfinished(p, fails(errBoom))
		err := e.Release()
		assert.EqualError(t, err, "release a: boom")
		assert.True(t, err == e.Release(), "a second returns what the first did")
		assert.NoError(t, p.Close())
	})
}

func TestReleaseLeavesNoTimerOfAGraceBehind(t *testing.T) { // R10, B2
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Grace(time.Hour))
		var given context.Context
		e := exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(ctx context.Context) error {
				given = ctx
				return ctx.Err()
			})
			return 1, nil
		})
		require.NoError(t, p.Wait(ctx))
		require.NoError(t, e.Release())
		assert.Equal(t, context.Canceled, given.Err(), "it waits for nothing any more")
		assert.NoError(t, p.Close())
	})
}
