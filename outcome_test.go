package exitpool_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestALaterExitReturnsItsOwnErrorAsItIs(t *testing.T) { // R7, E1
	var s exitpool.ExitStack
	require.NoError(t, s.Close())
	assert.Equal(t, errBody, s.Exit(errBody))
}

func TestALateRegistrationIsToldThatTheErrorWasSuppressed(t *testing.T) { // R6, X2
	var s exitpool.ExitStack
	s.Push(func(context.Context, error) error { return exitpool.Suppress })
	require.NoError(t, s.Exit(errBody))
	told := errOther
	s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
	assert.NoError(t, told)
}

func TestAPanicPrintsWhatFailedBesideItInItsLine(t *testing.T) { // E5, E6
	p := asPanic(t, call(func() error {
		return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(fails(errOther))
				return 0, nil
			}, exitpool.Name("disk"))
			exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error { panic(errBoom) })
				return 0, nil
			}, exitpool.Name("vm"))
			return p.Wait(ctx)
		})
	}).panic)
	assert.Equal(t, "release vm: panic: boom; release disk: other", fmt.Sprintf("%v", p))
}

func TestWhatFailsBesideThePanicIsReachableWhereGatherPanics(t *testing.T) { // E6
	var s exitpool.ExitStack
	p := asPanic(t, call(func() error {
		_, err := exitpool.Gather(func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(fails(errOther))
			panic(errBoom)
		})(t.Context(), &s)
		return err
	}).panic)
	assert.ErrorIs(t, p, errBoom)
	assert.ErrorIs(t, p, errOther)
	assert.ErrorIs(t, asPanic(t, call(s.Close).panic), errOther)
}

func TestABodyThatReportsTheDeadlineTellsItsCauseToo(t *testing.T) { // C6
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBoom)
		defer cancel()
		err := exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
			<-ctx.Done()
			return fmt.Errorf("serving: %w", ctx.Err())
		})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorContains(t, err, "serving")
	})
}

// none is an error that could wrap others, and wraps none.
type none struct{}

func (none) Error() string   { return "none" }
func (none) Unwrap() []error { return nil }

func TestAnErrorThatWrapsNothingIsNoCancellation(t *testing.T) { // E3, E2, F3
	err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
		s.Cancel(errBoom)
		return none{}
	})
	assert.ErrorIs(t, err, errBoom)
	assert.ErrorIs(t, err, none{})
}

func TestTheGoexitInTheReleaseOfAnOptionalMemberIsReported(t *testing.T) { // F7, E6
	p, ctx := exitpool.NewPool(t.Context())
	exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
		s.Defer(func(context.Context) error { runtime.Goexit(); return nil })
		return 0, nil
	}, exitpool.Optional())
	require.NoError(t, p.Wait(ctx))
	assert.True(t, call(p.Close).goexit)
	assert.Equal(t, exitpool.ErrGoexit, p.Close())
}

func TestABodyThatReturnsAPartOfTheCauseAddsNothing(t *testing.T) { // F3, E3: nothing but the cause
	t.Run("of the death of what is inside a named member", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			var cause error
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				var inside *exitpool.ExitPool
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					inside = s.Pool(ctx)
					exitpool.Start(inside, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
						s.Go(func(context.Context) error { time.Sleep(time.Second); return errBoom })
						return 0, nil
					}, exitpool.Name("inner"))
					return 0, inside.Wait(ctx)
				}, exitpool.Name("outer"))
				<-ctx.Done()
				cause = context.Cause(ctx)
				return fmt.Errorf("noticed: %w", inside.Wait(t.Context()))
			})
			assert.True(t, err == cause, "as it is: %v", err)
			assert.EqualError(t, err, "run outer: run inner: boom")
		})
	})
	t.Run("of an acquisition that failed for two reasons", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			var cause error
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				var second *exitpool.Entry[string]
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					inside := s.Pool(ctx)
					exitpool.Start(inside, failing(time.Second, errBoom), exitpool.Name("first"))
					second = exitpool.Start(inside, failing(2*time.Second, errOther), exitpool.Name("second"))
					return 0, inside.Wait(ctx)
				}, exitpool.Name("outer"))
				<-ctx.Done()
				cause = context.Cause(ctx)
				_, err := second.Get(t.Context())
				return fmt.Errorf("noticed: %w", err)
			})
			assert.True(t, err == cause, "as it is: %v", err)
			assert.EqualError(t, err, "acquire outer: acquire first: boom; acquire second: other")
		})
	})
}

func TestAPoolThatSeesTheExitAsTheEndOfItsCallerAddsNoNoise(t *testing.T) { // E3
	for _, cause := range []error{nil, errBody} {
		bubble(t, func(t *testing.T) {
			var j journal
			s, body := exitpool.NewStack(t.Context())
			_, err := exitpool.Enter(body, s, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
				exitpool.Start(s.Pool(body), j.resource("slow", time.Hour))
				return 0, nil
			})
			require.NoError(t, err)
			s.Defer(func(context.Context) error { time.Sleep(time.Second); return nil }) // the pool sees it meanwhile
			time.Sleep(time.Second)
			err = s.Exit(cause)
			assert.True(t, err == cause, "%v", err)
		})
	}
}

func TestWhatIsInsideAnOptionalMemberAtAnyDepthIsToldNothingOfItsFailures(t *testing.T) { // F7, X1
	bubble(t, func(t *testing.T) {
		told := errors.New("nothing")
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, exitpool.Gather(func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
				exitpool.Start(s.Pool(ctx), failing(time.Minute, errBoom)) // Exit begins meanwhile
				return 0, nil
			}), exitpool.Optional())
			time.Sleep(time.Second)
			return nil
		})
		assert.NoError(t, err)
		assert.NoError(t, told)
	})
}
