package exitpool_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Two things at one moment, and foreign code that acts on the scope in the middle
// of a call of ours.

// hookContext is a context that calls a hook when somebody wants to follow it.
type hookContext struct {
	context.Context
	done chan struct{} // another than that of Context, so that AfterFunc is asked
	hook func()
}

func (c *hookContext) Done() <-chan struct{} { return c.done }

func (c *hookContext) AfterFunc(f func()) func() bool {
	c.hook()
	return func() bool { return true }
}

func TestAPoolThatAContextClosesInTheMiddleOfStartLeavesNothing(t *testing.T) { // S2, R6
	parent := &hookContext{t.Context(), make(chan struct{}), func() {}}
	p, _ := exitpool.NewPool(parent)
	parent.hook = func() {
		parent.hook = func() {}
		p.Close()
	}
	_, err := exitpool.Start(p, value(1)).Get(t.Context())
	assert.Equal(t, exitpool.ErrClosed, err)
}

// closingError is an error that closes a scope when somebody looks into it.
type closingError struct{ close func() }

func (e *closingError) Error() string   { return "closing" }
func (e *closingError) Unwrap() []error { e.close(); return []error{errBoom} }

func TestAnErrorThatExitsTheScopeIsNotLost(t *testing.T) { // S2, R7
	var j journal
	s, _ := exitpool.NewStack(t.Context())
	s.Defer(j.release("a"))
	s.Cancel(errOther)
	err := s.Exit(&closingError{func() { s.Close() }})
	assert.ErrorIs(t, err, errBoom)
	assert.ErrorIs(t, err, errOther)
	assert.Equal(t, []string{"release a"}, j.all())
}

func TestACancelAtTheEndOfAnAcquisitionMakesItTooLate(t *testing.T) { // R2, C6
	var j journal
	var s *exitpool.ExitStack
	s, ctx := exitpool.NewStack(t.Context(), exitpool.Observe(func(ev exitpool.Event) {
		if ev.Op == exitpool.OpAcquire && ev.Done {
			s.Cancel(errBoom)
		}
	}))
	_, err := exitpool.Enter(ctx, s, j.resource("late", 0))
	assert.Equal(t, errBoom, err)
	assert.Equal(t, []string{"acquire late", "release late"}, j.all())
	assert.Equal(t, errBoom, s.Close())
}

func TestPopAllTakesTheCauseAwayFromAnEnterInFlight(t *testing.T) { // R11, R12
	bubble(t, func(t *testing.T) {
		s, ctx := exitpool.NewStack(t.Context())
		go func() {
			synctest.Wait()
			s.Cancel(errBoom)
			moved := s.PopAll()
			assert.Equal(t, errBoom, moved.Close())
		}()
		_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			<-ctx.Done()
			time.Sleep(time.Second)
			return 0, ctx.Err()
		})
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, errBoom)
		assert.NoError(t, s.Close())
	})
}

func TestATaskThatFailsWhilePopAllMovesItEndsTheNewStack(t *testing.T) { // R11, F2
	for range 60 { // a third of them meet, on two cores
		s, ctx := exitpool.NewStack(t.Context())
		var n atomic.Int32
		var failing atomic.Bool
		fail := make(chan struct{})
		for range 50_000 { // so that it takes a while to come to the task
			s.Defer(func(context.Context) error { n.Add(1); return nil })
		}
		s.Go(func(context.Context) error { <-fail; failing.Store(true); return errBoom })
		close(fail)
		for !failing.Load() {
			runtime.Gosched() // but no more: both are to run at once
		}
		moved := s.PopAll()
		<-ctx.Done()
		assert.ErrorIs(t, context.Cause(ctx), errBoom)
		one, two := s.Close(), moved.Close()
		assert.ErrorIs(t, errors.Join(one, two), errBoom)
		assert.False(t, one != nil && two != nil, "reported once")
		assert.Equal(t, int32(50_000), n.Load())
	}
}

func TestTheClockOfAnAcquisitionAtTheInstantOfAGet(t *testing.T) { // B4
	bubble(t, func(t *testing.T) {
		var j journal
		for range 300 {
			p, ctx := exitpool.NewPool(t.Context())
			dep := exitpool.Start(p, j.resource("dep", 2*time.Second))
			e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(j.release("user"))
				time.Sleep(time.Second) // here its time is up
				dep.Get(ctx)
				return 0, nil
			}, exitpool.AcquireTimeout(time.Second))
			if _, err := e.Get(ctx); err != nil {
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			}
			p.Close()
		}
		assert.Equal(t, 300, j.count("release user"))
	})
}

func TestAnAcquisitionThatEndsWhileItStillWaitsInGet(t *testing.T) { // B4, D5
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context())
		dep := exitpool.Start(p, (&journal{}).resource("dep", time.Minute))
		e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			go dep.Get(ctx)
			time.Sleep(time.Second)
			return 1, nil
		}, exitpool.AcquireTimeout(10*time.Second))
		_, err := e.Get(ctx)
		require.NoError(t, err)
		require.NoError(t, p.Wait(ctx))
		assert.NoError(t, p.Close())
	})
}

// twoGets is an acquisition that waits for two others at once.
func twoGets(a, b *exitpool.Entry[string]) exitpool.Resource[int] {
	return func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		other := make(chan error)
		go func() {
			_, err := a.Get(ctx)
			other <- err
		}()
		_, err := b.Get(ctx)
		return 0, errors.Join(err, <-other)
	}
}

func TestTwoGetsOfOneMemberTakeOneShareAgain(t *testing.T) { // B1, D5
	bubble(t, func(t *testing.T) {
		for range 100 { // both goroutines at the same instant
			var j journal
			p, ctx := exitpool.NewPool(t.Context(), exitpool.Limit(3))
			a := exitpool.Start(p, j.resource("a", time.Hour))
			b := exitpool.Start(p, j.resource("b", time.Hour))
			both := exitpool.Start(p, twoGets(a, b))
			exitpool.Start(p, j.stubborn("all", time.Hour), exitpool.Weight(3)) // is first in line when a and b are there
			took := elapsed(func() {
				_, err := both.Get(ctx)
				require.NoError(t, err)
			})
			assert.Equal(t, 2*time.Hour, took)
			assert.NoError(t, p.Close())
		}
	})
}

func TestAGetThatEndsWhileAnotherWaitsForTheShareWaitsWithIt(t *testing.T) { // B1, D5
	bubble(t, func(t *testing.T) {
		var j journal
		var elsewhere exitpool.ExitPool
		c := exitpool.Start(&elsewhere, j.resource("c", 90*time.Minute))
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Limit(2))
		a := exitpool.Start(p, j.resource("a", time.Hour))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			other := make(chan error)
			go func() {
				time.Sleep(80 * time.Minute) // meanwhile a is there, and all has the share
				_, err := c.Get(ctx)
				other <- err
			}()
			_, err := a.Get(ctx)
			return 0, errors.Join(err, <-other)
		})
		exitpool.Start(p, j.stubborn("all", time.Hour), exitpool.Weight(2))
		took := elapsed(func() { require.NoError(t, p.Wait(ctx)) })
		assert.Equal(t, 2*time.Hour, took)
		assert.NoError(t, p.Close())
		assert.NoError(t, elsewhere.Close())
	})
}

func TestAMemberThatWaitsForItsShareAgainIsCutOff(t *testing.T) { // B1, D5, R8
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Limit(3))
		a := exitpool.Start(p, j.resource("a", time.Hour))
		b := exitpool.Start(p, j.resource("b", time.Hour))
		both := exitpool.Start(p, twoGets(a, b))
		exitpool.Start(p, j.stubborn("all", time.Hour), exitpool.Weight(3))
		time.Sleep(90 * time.Minute)
		p.Cancel(errBoom)
		_, err := both.Get(context.WithoutCancel(ctx))
		assert.Equal(t, errBoom, err)
		assert.Equal(t, errBoom, p.Close())
	})
}

func TestARaceThatIsDecidedWhileItStartsBeginsNoMore(t *testing.T) { // R12
	var began, released atomic.Int32
	rs := make([]exitpool.Resource[int], 20_000)
	for i := range rs {
		rs[i] = func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			began.Add(1)
			s.Defer(func(context.Context) error { released.Add(1); return nil })
			return i, nil
		}
	}
	err := exitpool.Use(t.Context(), exitpool.Race(rs...), func(context.Context, int) error { return nil })
	assert.NoError(t, err)
	assert.Equal(t, began.Load(), released.Load())
	assert.Less(t, began.Load(), int32(len(rs)))
}
