package lifetime_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool/internal/lifetime"
	"github.com/stretchr/testify/assert"
)

var errCause = errors.New("cause")

func lifetimeOf(parent context.Context) *lifetime.Context {
	c := new(lifetime.Context)
	c.Init(&parent, false)
	return c
}

func TestItFollowsItsParentUntilDetached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, detach := range []bool{false, true} {
			parent, cancel := context.WithCancelCause(t.Context())
			c := lifetimeOf(parent)
			derived, stop := context.WithCancel(context.WithValue(c, errCause, 1))
			if detach {
				assert.True(t, c.Detach())
			}
			cancel(errCause)
			synctest.Wait()
			for _, ctx := range []context.Context{c, derived} {
				if detach {
					assert.NoError(t, ctx.Err())
					continue
				}
				<-ctx.Done()
				assert.Equal(t, context.Canceled, ctx.Err())
				assert.Equal(t, errCause, context.Cause(ctx))
			}
			assert.False(t, !detach && c.Detach())
			c.End()
			<-c.Done()
			<-derived.Done()
			stop()
		}
	})
}

func TestItIsCancelledThoughNobodyAskedForDone(t *testing.T) {
	parent, cancel := context.WithDeadlineCause(t.Context(), time.Now().Add(-1), errCause)
	defer cancel()
	c := lifetimeOf(parent)
	assert.Equal(t, context.DeadlineExceeded, c.Err(), "at once, without the news")
	assert.Equal(t, errCause, context.Cause(c))
	assert.False(t, c.Detach())
	<-c.Done()
}

func TestTheDeadlineIsTheParentsWhileAttached(t *testing.T) {
	parent, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	c := lifetimeOf(parent)
	_, ok := c.Deadline()
	assert.True(t, ok)
	c.Detach()
	_, ok = c.Deadline()
	assert.False(t, ok)
	c.End()
}

func TestForceEndsWhatIsDetachedAndTheFirstCauseStays(t *testing.T) {
	c := lifetimeOf(t.Context())
	assert.True(t, c.Detach())
	assert.False(t, c.Cancel(context.Canceled, errCause))
	c.Force(errCause)
	c.Force(errors.New("later"))
	c.End()
	assert.Equal(t, errCause, context.Cause(c))
	ended := lifetimeOf(t.Context())
	ended.End()
	assert.Equal(t, context.Canceled, ended.Err())
	assert.Equal(t, context.Canceled, context.Cause(ended))
	<-ended.Done()
}

func TestTheCauseIsNeverTheParents(t *testing.T) {
	parent, cancel := context.WithCancelCause(context.WithValue(t.Context(), errCause, "v"))
	c := lifetimeOf(parent)
	c.Detach()
	cancel(errors.New("the parent's"))
	c.End()
	assert.Equal(t, context.Canceled, context.Cause(c))
	assert.Equal(t, "v", c.Value(errCause))
}

func TestAHeldContextThatNobodyLookedAtHasNoCause(t *testing.T) {
	key := new(int) // as package context has one
	parent, cancel := context.WithCancelCause(context.WithValue(t.Context(), key, "v"))
	c := lifetimeOf(parent)
	assert.True(t, c.Detach())
	cancel(errCause)
	assert.NoError(t, c.Err())
	assert.NoError(t, context.Cause(c))
	assert.Equal(t, "v", c.Value(key))
	c.Done()
	assert.NoError(t, context.Cause(c))
	assert.Equal(t, "v", c.Value(key))
	c.End()
	assert.Equal(t, context.Canceled, context.Cause(c))
}

func TestToLookAtDoneCostsFourAllocations(t *testing.T) {
	parent, cancel := context.WithCancel(t.Context())
	defer cancel()
	contexts := make([]lifetime.Context, 101)
	n := testing.AllocsPerRun(100, func() {
		c := &contexts[0]
		contexts = contexts[1:]
		c.Init(&parent, true)
		c.Done()
		c.Detach()
		c.End()
	})
	assert.LessOrEqual(t, n, 4.0)
}

func TestDerivedContextsNeedNoGoroutine(t *testing.T) {
	c := lifetimeOf(t.Context())
	before := runtime.NumGoroutine()
	for range 100 {
		_, cancel := context.WithCancel(context.WithValue(c, errCause, 1))
		defer cancel()
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before)
	c.End()
}

func TestCancellationRacingWithDetach(t *testing.T) {
	for range 1000 {
		parent, cancel := context.WithCancelCause(context.Background())
		c := lifetimeOf(parent)
		var wg sync.WaitGroup
		wg.Go(func() { c.Done() })
		wg.Go(func() { cancel(errCause) })
		lives := c.Detach()
		wg.Wait()
		assert.Equal(t, lives, c.Err() == nil)
		c.End()
		<-c.Done()
	}
}

func TestWhoIsWokenByDoneSeesWhy(t *testing.T) {
	for range 1000 {
		c := new(lifetime.Context)
		parent := context.Background()
		c.Init(&parent, true)
		done, woken := c.Done(), make(chan error)
		go func() {
			<-done
			woken <- c.Err()
		}()
		child, cancel := context.WithCancel(c)
		stop := context.AfterFunc(child, func() { woken <- context.Cause(c) })
		c.Cancel(context.DeadlineExceeded, errCause)
		got := []error{<-woken, <-woken}
		assert.ElementsMatch(t, []error{context.DeadlineExceeded, errCause}, got)
		stop()
		cancel()
	}
}

func TestErrIsNilUntilDoneIsClosed(t *testing.T) {
	for range 20_000 {
		c := lifetimeOf(context.Background())
		c.Detach()
		done := c.Done()
		asking, early := make(chan struct{}), make(chan bool)
		go func() {
			close(asking)
			for c.Err() == nil {
			}
			select {
			case <-done:
				early <- false
			default:
				early <- true
			}
		}()
		<-asking
		c.End()
		if <-early {
			assert.Fail(t, "Err was set, and Done not closed")
			return
		}
	}
}
