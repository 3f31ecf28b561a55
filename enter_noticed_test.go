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

// Enter, and the stack of a member.

func TestAnEnteredResourceCountsInTheIndexOfNames(t *testing.T) { // E4
	s, ctx := exitpool.NewStack(t.Context())
	s.Defer(func(context.Context) error { return nil })
	for range 2 {
		_, err := exitpool.Enter(ctx, s, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(fails(errBoom))
			return 1, nil
		})
		require.NoError(t, err)
	}
	s.Defer(fails(errOther))
	err := s.Close()
	assert.Regexp(t, `#3: other; .*#2: boom; .*#1: boom$`, err.Error())
}

func TestTheUnwindingOfAFailedEnterIsNotAbandonedWithTheScope(t *testing.T) { // B2, B3
	bubble(t, func(t *testing.T) {
		var j journal
		s, ctx := exitpool.NewStack(t.Context(), exitpool.Abandon(time.Second))
		failed := make(chan error, 1)
		go func() {
			_, err := exitpool.Enter(ctx, s, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error {
					time.Sleep(500 * time.Millisecond)
					j.add("unwound")
					return nil
				})
				time.Sleep(900 * time.Millisecond)
				return 0, errBoom
			})
			failed <- err
		}()
		synctest.Wait()
		took := elapsed(func() { assert.NoError(t, s.Close()) })
		assert.Equal(t, 1400*time.Millisecond, took)
		assert.Equal(t, errBoom, <-failed)
		assert.Equal(t, []string{"unwound"}, j.all())
	})
}

func TestAnEnterInsideAHeldMemberOutlivesTheCallersContext(t *testing.T) { // C2
	bubble(t, func(t *testing.T) {
		parent, cancel := context.WithCancel(t.Context())
		p, _ := exitpool.NewPool(parent)
		var inside *exitpool.ExitStack
		var lifetime context.Context
		_, err := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			inside, lifetime = s, ctx
			return 1, nil
		}).Get(t.Context())
		require.NoError(t, err)
		var j journal
		time.AfterFunc(time.Second, cancel)
		_, err = exitpool.Enter(lifetime, inside, j.resource("more", time.Minute))
		assert.NoError(t, err)
		assert.NoError(t, p.Close())
		assert.Equal(t, []string{"acquire more", "release more"}, j.all())
	})
}

func TestAMemberThatWasCutOffAcquiresNothingMore(t *testing.T) { // C6, R6
	for name, opts := range map[string][]exitpool.Option{
		"and is waited for": nil,
		"and was abandoned": {exitpool.Abandon(time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var j journal
				p, _ := exitpool.NewPool(t.Context(), opts...)
				entered := make(chan error, 1)
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					time.Sleep(time.Minute)
					_, err := exitpool.Enter(context.WithoutCancel(ctx), s, j.resource("more", 0))
					entered <- err
					return 1, nil
				})
				synctest.Wait()
				p.Exit(errBoom)
				err := <-entered
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorIs(t, err, errBoom)
				assert.Empty(t, j.all())
			})
		})
	}
}

func TestAPanicInTheUnwindingOfAnEnterThatWasCutOffHasNoNoise(t *testing.T) { // E3, E6
	ctx, cancel := context.WithCancel(t.Context())
	var s exitpool.ExitStack
	e := call(func() error {
		_, err := exitpool.Enter(ctx, &s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { panic(errBoom) })
			s.Defer(fails(errOther))
			cancel()
			return 0, ctx.Err()
		})
		return err
	})
	err := asPanic(t, e.panic)
	assert.ErrorIs(t, err, errBoom)
	assert.ErrorIs(t, err, errOther)
	assert.NotErrorIs(t, err, context.Canceled)
	assert.NoError(t, s.Close())
}

func TestWhatIsRegisteredWhenTheReleaseOfAMemberHasEndedIsToldTheCause(t *testing.T) { // R6, X1
	var inside *exitpool.ExitStack
	var told error
	s, ctx := exitpool.NewStack(t.Context(), exitpool.Observe(func(ev exitpool.Event) {
		if ev.Op == exitpool.OpRelease && ev.Name == "a" && ev.Done {
			inside.Push(func(_ context.Context, cause error) error { told = cause; return nil })
		}
	}))
	_, err := exitpool.Enter(ctx, s, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
		inside = s
		return 1, nil
	}, exitpool.Name("a"))
	require.NoError(t, err)
	assert.Equal(t, errBody, s.Exit(errBody))
	assert.Equal(t, errBody, told)
}
