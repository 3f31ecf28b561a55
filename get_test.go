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

func TestTheClockOfAMemberRunsWhileWhatIsInsideWaitsInside(t *testing.T) { // B4: the one that is slow is named
	var j journal
	inside := map[string]exitpool.Resource[int]{
		"one pool": func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			p := s.Pool(ctx)
			slow := exitpool.Start(p, j.resource("slow", time.Hour))
			exitpool.Start(p, waits(0, at(slow)))
			return 0, p.Wait(ctx)
		},
		"two pools": func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			p := s.Pool(ctx)
			slow := exitpool.Start(s.Pool(ctx), j.resource("slow", time.Hour))
			exitpool.Start(p, waits(0, at(slow)))
			return 0, p.Wait(ctx)
		},
	}
	for name, r := range inside {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				took := elapsed(func() {
					err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
						exitpool.Start(p, r, exitpool.AcquireTimeout(time.Second))
						return p.Wait(ctx)
					})
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				})
				assert.Equal(t, time.Second, took)
			})
		})
	}
}

func TestAGetOfAMemberThatIsGoneHoldsNothing(t *testing.T) { // D1, R1
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		var lifetime context.Context
		gone := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			lifetime = ctx
			return 0, nil
		})
		other := exitpool.Start(p, j.resource("other", 0))
		require.NoError(t, p.Wait(ctx))
		require.NoError(t, gone.Release())
		v, err := other.Get(lifetime) // code of it that still runs
		assert.NoError(t, err)
		assert.Equal(t, "other", v)
		assert.NoError(t, p.Close())
		assert.Equal(t, []string{"acquire other", "release other"}, j.all())
	})
}

func TestAHeldMemberMayWaitForItsPool(t *testing.T) { // D3: only an acquisition would wait for itself
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		held := make(chan struct{})
		waited := make(chan error, 1)
		first := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Go(func(ctx context.Context) error {
				<-held
				waited <- p.Wait(ctx)
				return nil
			})
			return 0, nil
		})
		_, err := first.Get(ctx)
		require.NoError(t, err)
		exitpool.Start(p, j.resource("second", time.Hour))
		close(held)
		assert.Equal(t, time.Hour, elapsed(func() { assert.NoError(t, <-waited) }))
		assert.NoError(t, p.Close())
	})
}

func TestAPoolInsideAMemberIsInsideItWhateverItsContext(t *testing.T) { // D7, D1
	bubble(t, func(t *testing.T) {
		var j journal
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			used := exitpool.Start(p, j.resource("used", 0))
			exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error { time.Sleep(time.Second); j.add("release user"); return nil })
				in := s.Pool(context.Background())
				exitpool.Start(in, waits(0, at(used)))
				return 0, in.Wait(context.Background())
			})
			return p.Wait(ctx)
		})
		assert.NoError(t, err)
		assert.Equal(t, []string{"acquire used", "release user", "release used"}, j.all())
	})
}

func TestAMemberGoesOnAfterAGetOnlyWithItsShare(t *testing.T) { // B1, D5
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Limit(1))
		var first *exitpool.Entry[string]
		ready := make(chan struct{})
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			<-ready
			if _, err := first.Get(ctx); err != nil {
				return 0, err
			}
			j.add("go on")
			return 0, nil
		})
		first = exitpool.Start(p, j.resource("first", time.Second))
		exitpool.Start(p, j.resource("second", time.Second))
		close(ready)
		require.NoError(t, p.Wait(ctx))
		assert.Equal(t, []string{"acquire first", "acquire second", "go on"}, j.all())
		assert.NoError(t, p.Close())
	})
}

func TestAnAcquisitionOnAPoolIsCancelledBeforeTheStackReleasesWhatIsNewer(t *testing.T) { // R12
	bubble(t, func(t *testing.T) {
		var j journal
		s, ctx := exitpool.NewStack(t.Context())
		exitpool.Start(s.Pool(context.WithoutCancel(ctx)), func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			<-ctx.Done()
			j.add("cancelled")
			return 0, ctx.Err()
		})
		s.Defer(func(context.Context) error {
			synctest.Wait()
			j.add("release")
			return nil
		})
		synctest.Wait()
		assert.NoError(t, s.Close())
		assert.Equal(t, []string{"cancelled", "release"}, j.all())
	})
}

func TestCancelCutsOffAnEnterWhateverItsContext(t *testing.T) { // C2, F1
	bubble(t, func(t *testing.T) {
		var s exitpool.ExitStack // without a context of its own
		ended := make(chan error, 1)
		go func() {
			_, err := exitpool.Enter(context.Background(), &s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				<-ctx.Done()
				return 0, context.Cause(ctx)
			})
			ended <- err
		}()
		synctest.Wait()
		s.Cancel(errBoom)
		assert.Equal(t, errBoom, <-ended, "before Exit")
		assert.Equal(t, errBoom, s.Close())
	})
}
