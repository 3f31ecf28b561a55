package exitpool_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// released has what a release, and the lifetime context of its resource, were like.
type released struct {
	ctx, lifetime context.Context
	cause, forced error // of the two, when the release ran
}

func (r *released) resource(ctx context.Context, s *exitpool.ExitStack) (int, error) {
	r.lifetime = ctx
	s.Defer(func(ctx context.Context) error {
		r.ctx, r.cause, r.forced = ctx, context.Cause(ctx), context.Cause(r.lifetime)
		return nil
	})
	return 0, nil
}

func TestAReleaseTimeoutOfZeroForcesAtOnce(t *testing.T) { // B4, B2
	for name, opts := range map[string][]exitpool.Option{"alone": nil, "in a grace": {exitpool.Grace(time.Hour)}} {
		t.Run(name, func(t *testing.T) {
			var r released
			s, ctx := exitpool.NewStack(t.Context(), opts...)
			_, err := exitpool.Enter(ctx, s, r.resource, exitpool.ReleaseTimeout(0))
			require.NoError(t, err)
			assert.NoError(t, s.Close(), "one that only begins after it did not run over")
			assert.Equal(t, exitpool.ErrGrace, r.cause)
			assert.Equal(t, exitpool.ErrGrace, r.forced)
		})
	}
}

func TestAnAcquireTimeoutOfZeroIsOverAtOnce(t *testing.T) { // B4
	bubble(t, func(t *testing.T) {
		var j journal
		var s exitpool.ExitStack
		assert.Zero(t, elapsed(func() {
			_, err := exitpool.Enter(t.Context(), &s, j.resource("slow", time.Hour), exitpool.AcquireTimeout(0))
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		}))
		assert.NoError(t, s.Close())
	})
}

func TestAbandonOfZeroWaitsForNothing(t *testing.T) { // B3
	bubble(t, func(t *testing.T) {
		var j journal
		s, _ := exitpool.NewStack(t.Context(), exitpool.Abandon(0))
		s.Defer(j.release("older"))
		s.Defer(func(context.Context) error { time.Sleep(time.Hour); j.add("release stuck"); return nil })
		assert.Zero(t, elapsed(func() {
			var abandoned *exitpool.AbandonedError
			require.ErrorAs(t, s.Close(), &abandoned)
		}))
		time.Sleep(2 * time.Hour)
		assert.ElementsMatch(t, []string{"release older", "release stuck"}, j.all())
	})
}

func TestAResourceWhoseReleaseBeginsAfterTheGraceIsForced(t *testing.T) { // C2, B2
	bubble(t, func(t *testing.T) {
		var r released
		s, ctx := exitpool.NewStack(t.Context(), exitpool.Grace(time.Second))
		_, err := exitpool.Enter(ctx, s, r.resource)
		require.NoError(t, err)
		s.Defer(func(context.Context) error { time.Sleep(time.Minute); return nil })
		assert.ErrorIs(t, s.Close(), exitpool.ErrGrace)
		assert.Equal(t, exitpool.ErrGrace, r.cause)
		assert.Equal(t, exitpool.ErrGrace, r.forced)
	})
}

func TestTheContextThatBoundsAReleaseEndsWhenThatIsOver(t *testing.T) { // C1: what it costs is freed
	bubble(t, func(t *testing.T) {
		var grace, timeout, nested released
		s, _ := exitpool.NewStack(t.Context(), exitpool.Grace(time.Hour))
		s.Defer(func(ctx context.Context) error { grace.ctx = ctx; return nil })
		assert.NoError(t, s.Close())
		assert.ErrorIs(t, grace.ctx.Err(), context.Canceled)

		s, ctx := exitpool.NewStack(t.Context())
		s.Defer(func(context.Context) error {
			assert.ErrorIs(t, timeout.ctx.Err(), context.Canceled)
			assert.ErrorIs(t, nested.ctx.Err(), context.Canceled)
			return nil
		})
		_, err := exitpool.Enter(ctx, s, timeout.resource, exitpool.ReleaseTimeout(time.Hour))
		require.NoError(t, err)
		_, err = exitpool.Enter(ctx, s, exitpool.Gather(nested.resource), exitpool.ReleaseTimeout(time.Hour))
		require.NoError(t, err)
		assert.NoError(t, s.Close())
		assert.NotNil(t, timeout.ctx)
		assert.NotNil(t, nested.ctx)
	})
}

func TestTheWatchesOfBoundsEndWithTheExit(t *testing.T) { // R8
	const many = 1000
	enter := func(s *exitpool.ExitStack, r exitpool.Resource[int], opts ...exitpool.EntryOption) {
		_, err := exitpool.Enter(context.Background(), s, r, opts...)
		require.NoError(t, err)
	}
	for name, fill := range map[string]func(*exitpool.ExitStack){
		"members in a Grace": func(s *exitpool.ExitStack) {
			for range many {
				enter(s, value(1))
			}
		},
		"pools in a ReleaseTimeout": func(s *exitpool.ExitStack) {
			enter(s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				for range many {
					s.Pool(context.Background())
				}
				return 0, nil
			}, exitpool.ReleaseTimeout(time.Hour))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := exitpool.NewStack(context.Background(), exitpool.Grace(time.Hour))
			fill(s)
			before := runtime.NumGoroutine()
			err := s.Close()
			after := runtime.NumGoroutine() // none is left, not even for an instant
			assert.NoError(t, err)
			assert.LessOrEqual(t, after, before)
		})
	}
}

func TestTheLifetimeContextEndsThoughItsOwnCodeHasExitedTheStack(t *testing.T) { // C2, R7
	bubble(t, func(t *testing.T) {
		var lifetime context.Context
		var inside *exitpool.ExitStack
		p, ctx := exitpool.NewPool(t.Context())
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			lifetime, inside = ctx, s
			return 0, nil
		})
		require.NoError(t, p.Wait(ctx))
		require.NoError(t, inside.Close())
		require.NoError(t, p.Close())
		assert.ErrorIs(t, lifetime.Err(), context.Canceled)
	})
}

func TestTheStackOfAMemberHasItsOutcomeAfterTheRelease(t *testing.T) { // R7
	bubble(t, func(t *testing.T) {
		var inside *exitpool.ExitStack
		var s exitpool.ExitStack
		_, err := exitpool.Enter(t.Context(), &s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			inside = s
			s.Defer(fails(errBoom))
			return 0, nil
		})
		require.NoError(t, err)
		err = s.Close()
		assert.ErrorIs(t, err, errBoom)
		assert.Equal(t, err, inside.Close(), "a later Exit returns the same")
	})
}

func TestANestedPoolThatBeginsAfterTheReleaseTimeoutDidNotRunOverIt(t *testing.T) { // B2, C1
	bubble(t, func(t *testing.T) {
		var s exitpool.ExitStack
		_, err := exitpool.Enter(t.Context(), &s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Pool(ctx).Defer(func(ctx context.Context) error {
				assert.ErrorIs(t, context.Cause(ctx), exitpool.ErrGrace, "the time is up already")
				time.Sleep(time.Second)
				return nil
			})
			s.Defer(func(context.Context) error { time.Sleep(2 * time.Second); return nil })
			return 0, nil
		}, exitpool.ReleaseTimeout(time.Second))
		require.NoError(t, err)
		var slow *exitpool.OpError
		err = s.Close()
		require.ErrorAs(t, err, &slow)
		assert.Equal(t, error(slow), err, "the one that was slow, alone")
	})
}
