package exitpool_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The outcome of an exit: what is in it, and what Push functions are told of it.

func TestAPlainCancellationIsReturnedAsItIs(t *testing.T) { // E1, C6
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var s exitpool.ExitStack
	_, err := exitpool.Enter(ctx, &s, value(1))
	assert.True(t, err == context.Canceled, "%v", err)
	assert.NoError(t, s.Close())
}

func TestAReleaseThatRanOverSaysAlsoWhatItReturned(t *testing.T) { // B2, E5
	bubble(t, func(t *testing.T) {
		var s exitpool.ExitStack
		_, err := exitpool.Enter(t.Context(), &s, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(ctx context.Context) error {
				<-ctx.Done()
				return errBoom
			})
			return 1, nil
		}, exitpool.Name("a"), exitpool.ReleaseTimeout(time.Second))
		require.NoError(t, err)
		assert.EqualError(t, s.Close(), "release a: "+exitpool.ErrGrace.Error()+": boom")
	})
}

func TestTheSecondExitReturnsThePanicWithWhatFailedBesideIt(t *testing.T) { // E6, R7
	var s exitpool.ExitStack
	s.Defer(fails(errOther))
	s.Defer(func(context.Context) error { panic(errBoom) })
	assert.ErrorIs(t, asPanic(t, call(s.Close).panic), errOther)
	err := asPanic(t, s.Close())
	assert.ErrorIs(t, err, errBoom)
	assert.ErrorIs(t, err, errOther)
}

func TestUnwindStoresWhatPanickedBesideThePanicOfTheBody(t *testing.T) { // E6, R7
	var err error
	e := call(func() error {
		s, _ := exitpool.NewStack(t.Context())
		defer s.Unwind(&err)
		s.Defer(func(context.Context) error { panic(errOther) })
		panic(errBoom)
	})
	assert.Equal(t, errBoom, e.panic)
	assert.ErrorIs(t, err, errBoom)
	assert.ErrorIs(t, err, errOther)
}

func TestAPanicHasTheVeryErrorsThatWaitReturned(t *testing.T) { // E2, E6
	for name, r := range map[string]exitpool.Resource[int]{
		"one": func(context.Context, *exitpool.ExitStack) (int, error) { return 0, errBoom },
		"several": func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
			return 0, exitpool.WithStack(ctx, func(_ context.Context, s *exitpool.ExitStack) error {
				s.Defer(fails(errOther))
				return errBoom
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, ctx := exitpool.NewPool(t.Context())
			p.Defer(func(context.Context) error { panic("panics") })
			exitpool.Start(p, r, exitpool.Name("a"))
			err := p.Wait(ctx)
			require.IsType(t, (*exitpool.OpError)(nil), err)
			assert.True(t, errors.Is(asPanic(t, call(p.Close).panic), err))
		})
	}
}

func TestInAPoolPushIsToldThatTheCallersContextCutMembersOff(t *testing.T) { // X1, C6
	bubble(t, func(t *testing.T) {
		parent, cancel := context.WithCancel(t.Context())
		p, _ := exitpool.NewPool(parent)
		var told error
		p.Push(func(_ context.Context, cause error) error { told = cause; return nil })
		exitpool.Start(p, (&journal{}).resource("slow", time.Hour))
		synctest.Wait()
		cancel()
		assert.ErrorIs(t, p.Wait(t.Context()), context.Canceled)
		assert.Equal(t, context.Canceled, p.Close())
		assert.Equal(t, context.Canceled, told)
	})
}

// lookedInto is an error that calls f when somebody looks into it.
type lookedInto struct {
	error
	f func()
}

func (e *lookedInto) Unwrap() error { e.f(); return e.error }

func TestWhatIsRegisteredWhileTheOutcomeIsMadeIsToldTheCause(t *testing.T) { // R6, X1
	bubble(t, func(t *testing.T) {
		for _, forced := range []bool{false, true} {
			p, _ := exitpool.NewPool(t.Context(), exitpool.Abandon(time.Second))
			var told error
			cause := &lookedInto{errBoom, func() {
				if told == nil {
					p.Push(func(_ context.Context, cause error) error { told = cause; return nil })
				}
			}}
			gate := make(chan struct{})
			p.Defer(func(context.Context) error { <-gate; return nil })
			body := error(cause)
			if forced {
				p.Cancel(cause)
				body = nil
			}
			err := p.Exit(body) // beside what was abandoned it looks into the cause
			assert.ErrorAs(t, err, new(*exitpool.AbandonedError))
			assert.True(t, told == error(cause), "%v", told)
			close(gate)
		}
	})
}

// What an error does to the scope when Exit looks into it, before the cause is settled.

func TestPushIsToldACauseThatComesWhileExitLooksIntoTheBodysError(t *testing.T) { // X1, F1
	s, _ := exitpool.NewStack(t.Context())
	var told error
	s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
	s.Cancel(errBoom)
	err := s.Exit(&lookedInto{errBody, func() { s.Cancel(errOther) }})
	assert.EqualError(t, err, "body; boom; other")
	assert.Equal(t, err, told)
}

func TestPushIsToldAFailureThatComesWhileExitLooksIntoTheBodysError(t *testing.T) { // X1, E2
	bubble(t, func(t *testing.T) {
		p, _ := exitpool.NewPool(t.Context())
		var told error
		p.Push(func(_ context.Context, cause error) error { told = cause; return nil })
		gate := make(chan struct{})
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(fails(errOther))
			<-gate
			return 0, ctx.Err()
		}, exitpool.Name("a"))
		synctest.Wait()
		p.Cancel(errBoom)
		looked := false
		err := p.Exit(&lookedInto{errBody, func() {
			if !looked {
				looked = true
				close(gate)
				synctest.Wait()
			}
		}})
		assert.EqualError(t, err, "body; boom; release a: other")
		assert.Equal(t, err, told)
	})
}

func TestACancelWithoutACauseCountsWhileExitLooksIntoTheBodysError(t *testing.T) { // F3, F4
	parent, cancel := context.WithCancelCause(t.Context())
	s, ctx := exitpool.NewStack(parent)
	cancel(errOther)
	err := s.Exit(&lookedInto{ctx.Err(), func() { s.Cancel(nil) }})
	assert.NoError(t, err, "the body returned nothing but cancellation")
}

func TestNoCauseIsLostThatComesAtEachLookIntoTheBodysError(t *testing.T) { // E2, F1
	var seen events
	s, _ := exitpool.NewStack(t.Context(), exitpool.Observe(seen.observe))
	s.Cancel(errBoom)
	var causes []error
	err := s.Exit(&lookedInto{errBody, func() {
		causes = append(causes, fmt.Errorf("cause %d", len(causes)))
		s.Cancel(causes[len(causes)-1])
	}})
	assert.NotEmpty(t, causes)
	for _, cause := range causes {
		assert.ErrorIs(t, errors.Join(append(seen.errs(), err)...), cause)
	}
}
