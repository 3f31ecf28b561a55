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

// Tasks of ExitStack.Go: what they use, how they are told to end, and when they do not.

func TestWhatATaskUsesItsMemberUses(t *testing.T) { // D1, C4
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		used := exitpool.Start(p, j.resource("used", 0))
		exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { time.Sleep(time.Second); j.add("release user"); return nil })
			s.Go(func(ctx context.Context) error {
				_, err := used.Get(ctx)
				return err
			})
			return 0, nil
		})
		require.NoError(t, p.Wait(ctx))
		synctest.Wait()
		assert.Equal(t, exitpool.ErrInUse, used.Release())
		assert.NoError(t, p.Close())
		assert.Equal(t, []string{"acquire used", "release user", "release used"}, j.all())
	})
}

func TestTheContextOfATaskSaysWhyItEnds(t *testing.T) { // C4, C5
	for _, exit := range []error{nil, errBody} {
		var cause error
		s, _ := exitpool.NewStack(t.Context())
		s.Go(func(ctx context.Context) error {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return nil
		})
		assert.Equal(t, exit, s.Exit(exit))
		if exit == nil {
			exit = exitpool.ErrClosed
		}
		assert.Equal(t, exit, cause)
	}
}

func TestTheContextOfATaskEndsWithIt(t *testing.T) { // R8: what follows it would wait for Exit, or for ever
	bubble(t, func(t *testing.T) {
		var of context.Context
		s, _ := exitpool.NewStack(t.Context())
		s.Go(func(ctx context.Context) error { of = ctx; return nil })
		synctest.Wait()
		assert.Error(t, of.Err())
		assert.NoError(t, s.Close())
	})
}

func TestATaskThatIgnoresItsEndIsAbandoned(t *testing.T) { // B3, C4
	bubble(t, func(t *testing.T) {
		var j journal
		s, ctx := exitpool.NewStack(t.Context(), exitpool.Abandon(time.Second))
		s.Defer(j.release("older"))
		_, err := exitpool.Enter(ctx, s, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Go(func(context.Context) error { time.Sleep(time.Hour); return nil })
			return 0, nil
		}, exitpool.Name("deaf"))
		require.NoError(t, err)
		took := elapsed(func() {
			var abandoned *exitpool.AbandonedError
			require.ErrorAs(t, s.Close(), &abandoned)
			assert.Equal(t, []string{"deaf"}, abandoned.Names)
		})
		assert.Equal(t, time.Second, took)
		assert.Equal(t, []string{"release older"}, j.all())
		time.Sleep(2 * time.Hour)
	})
}
