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

// Acquisitions that come to nothing, and what is told of them.

func TestStatusKnowsSinceWhenAMemberIsQueued(t *testing.T) { // B1
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Limit(1))
		exitpool.Start(p, j.resource("first", time.Hour))
		time.Sleep(time.Second)
		started := time.Now()
		exitpool.Start(p, j.resource("second", 0))
		time.Sleep(time.Minute)
		assert.True(t, p.Status()[1].Since.Equal(started))
		require.NoError(t, p.Wait(ctx))
		assert.NoError(t, p.Close())
	})
}

func TestWhatALoserRegisteredIsToldTheCauseOfItsContext(t *testing.T) { // R3, X1
	bubble(t, func(t *testing.T) {
		var cause, told error
		err := exitpool.Use(t.Context(), exitpool.Race((&journal{}).resource("winner", time.Second),
			func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				s.Push(func(_ context.Context, err error) error { told = err; return nil })
				<-ctx.Done()
				cause = context.Cause(ctx)
				return "", ctx.Err()
			}), func(context.Context, string) error { return nil })
		assert.NoError(t, err)
		assert.NotNil(t, told)
		assert.True(t, told == cause)
	})
}

func TestAFailureAfterTheEndOfTheCallersContextIsNotCutOff(t *testing.T) { // C6, F3
	bubble(t, func(t *testing.T) {
		parent, cancel := context.WithCancel(t.Context())
		p, _ := exitpool.NewPool(parent)
		exitpool.Start(p, failing(time.Second, errBoom), exitpool.Name("a"))
		synctest.Wait()
		cancel()
		time.Sleep(2 * time.Second)
		assert.EqualError(t, p.Close(), "acquire a: boom")
	})
}

func TestAReleasedMemberIsNotOneThatTheCallersContextCutOff(t *testing.T) { // C6, F3, R10
	bubble(t, func(t *testing.T) {
		parent, cancel := context.WithCancel(t.Context())
		p, _ := exitpool.NewPool(parent)
		e := exitpool.Start(p, (&journal{}).stubborn("slow", time.Second))
		synctest.Wait()
		go e.Release()
		synctest.Wait()
		cancel()
		require.NoError(t, e.Release())
		assert.NoError(t, p.Close())
	})
}

func TestTheFailureOfADependantHasItsName(t *testing.T) { // D4, E4
	bubble(t, func(t *testing.T) {
		p, _ := exitpool.NewPool(t.Context())
		exitpool.Start(p, failing(time.Millisecond, errOther), exitpool.Name("first")) // why the others are cancelled
		dep := exitpool.Start(p, failing(time.Second, errBoom), exitpool.Name("dep"))
		user := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
			return dep.Get(context.WithoutCancel(ctx))
		}, exitpool.Name("user"))
		_, err := user.Get(t.Context())
		assert.EqualError(t, err, "acquire user: acquire dep: boom")
		assert.EqualError(t, p.Close(), "acquire first: other; acquire dep: boom")
	})
}

func TestExitNamesWhatAFailedAcquisitionAbandoned(t *testing.T) { // B3, R3
	bubble(t, func(t *testing.T) {
		gate := make(chan struct{})
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Abandon(time.Second))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { <-gate; return nil })
			return 0, errBoom
		}, exitpool.Name("stuck"))
		require.ErrorIs(t, p.Wait(ctx), errBoom)
		err := p.Close()
		var abandoned *exitpool.AbandonedError
		require.ErrorAs(t, err, &abandoned)
		assert.Equal(t, []string{"stuck"}, abandoned.Names)
		close(gate)
	})
}
