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

// What Status and Wait tell of members at each point of their life.

const (
	isAcquiring = exitpool.State("acquiring")
	isWaiting   = exitpool.State("waiting")
	isReleasing = exitpool.State("releasing")
)

func TestStatusOfAMemberThatHasWaitedAndGoesOn(t *testing.T) { // S1
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		a := exitpool.Start(p, j.resource("a", time.Second), exitpool.Name("a"))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			if _, err := a.Get(ctx); err != nil {
				return 0, err
			}
			return 0, sleep(ctx, time.Second)
		}, exitpool.Name("b"))
		synctest.Wait()
		assert.Equal(t, isWaiting, p.Status()[1].State)
		assert.Equal(t, []string{"a"}, p.Status()[1].WaitsFor)
		time.Sleep(1500 * time.Millisecond)
		assert.Equal(t, isAcquiring, p.Status()[1].State)
		assert.Empty(t, p.Status()[1].WaitsFor)
		require.NoError(t, p.Wait(ctx))
		assert.NoError(t, p.Close())
	})
}

func TestStatusOfWhatIsStillBeingAcquiredWaitsForNoUser(t *testing.T) { // D1
	bubble(t, func(t *testing.T) {
		var j journal
		p, _ := exitpool.NewPool(t.Context())
		slow := exitpool.Start(p, j.stubborn("slow", time.Second), exitpool.Name("slow"))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
			return slow.Get(context.WithoutCancel(ctx))
		}, exitpool.Name("user"))
		synctest.Wait()
		exited := make(chan error, 1)
		go func() { exited <- p.Close() }()
		synctest.Wait()
		all := p.Status()
		require.Len(t, all, 2)
		assert.Equal(t, isAcquiring, all[0].State)
		assert.Empty(t, all[0].WaitsFor, "the user waits for it, not the other way round")
		assert.Equal(t, isWaiting, all[1].State)
		assert.NoError(t, <-exited)
	})
}

func TestStatusOfAMemberThatIsReleasedAfterItsUser(t *testing.T) { // D1
	bubble(t, func(t *testing.T) {
		slow := func(context.Context) error { time.Sleep(time.Second); return nil }
		p, ctx := exitpool.NewPool(t.Context())
		used := exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(slow)
			return 0, nil
		}, exitpool.Name("used"))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(slow)
			return used.Get(ctx)
		})
		require.NoError(t, p.Wait(ctx))
		begun := time.Now()
		exited := make(chan error, 1)
		go func() { exited <- p.Close() }()
		time.Sleep(1500 * time.Millisecond)
		all := p.Status()
		require.Len(t, all, 1)
		assert.Equal(t, "used", all[0].Name)
		assert.Equal(t, isReleasing, all[0].State)
		assert.True(t, all[0].Since.Equal(begun.Add(time.Second)))
		assert.NoError(t, <-exited)
	})
}

func TestWaitWithAContextThatHasEndedWithThePoolWaitsForAll(t *testing.T) { // D6, R2
	bubble(t, func(t *testing.T) {
		var j journal
		ctx, cancel := context.WithCancel(t.Context())
		p, ctx := exitpool.NewPool(ctx)
		exitpool.Start(p, j.stubborn("slow", time.Second))
		synctest.Wait()
		cancel()
		took := elapsed(func() { assert.ErrorIs(t, p.Wait(ctx), context.Canceled) })
		assert.Equal(t, time.Second, took)
		assert.Equal(t, []string{"acquire slow", "release slow"}, j.all())
		assert.ErrorIs(t, p.Close(), context.Canceled)
	})
}

func TestWaitAfterCancelNilIsCanceled(t *testing.T) { // D6, F4
	p, ctx := exitpool.NewPool(t.Context())
	require.NoError(t, p.Wait(ctx))
	p.Cancel(nil)
	assert.Equal(t, context.Canceled, p.Wait(ctx))
	assert.NoError(t, p.Close())
}
