package exitpool_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The caller's context as a clock of instants: what happens when something comes just
// while the library looks at it, or before the news of its end.

// late returns a context that ends with cancel, and of whose end nobody hears: only a
// look at Err tells.
func late(t *testing.T) (ctx *hookContext, cancel func()) {
	parent, cancel := context.WithCancel(t.Context())
	return &hookContext{parent, make(chan struct{}), func() {}}, cancel
}

func TestStartKnowsOfTheEndOfTheContextBeforeTheNews(t *testing.T) { // C6
	bubble(t, func(t *testing.T) {
		var j journal
		parent, cancel := late(t)
		p, _ := exitpool.NewPool(parent, exitpool.Limit(1))
		exitpool.Start(p, j.stubborn("first", time.Hour))
		synctest.Wait()
		cancel()
		took := elapsed(func() {
			_, err := exitpool.Start(p, j.resource("second", 0)).Get(t.Context())
			assert.ErrorIs(t, err, context.Canceled)
		})
		assert.Zero(t, took)
		assert.ErrorIs(t, p.Close(), context.Canceled)
		assert.Equal(t, []string{"acquire first", "release first"}, j.all())
	})
}

func TestAQueuedMemberIsNotBegunWhenTheContextHasEndedBeforeTheNews(t *testing.T) { // C6
	bubble(t, func(t *testing.T) {
		var j journal
		parent, cancel := late(t)
		p, _ := exitpool.NewPool(parent, exitpool.Limit(1))
		var second *exitpool.Entry[string]
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
			time.Sleep(time.Second)
			cancel()
			return second.Get(ctx) // gives the share to it
		})
		second = exitpool.Start(p, j.resource("second", 0))
		assert.ErrorIs(t, p.Wait(t.Context()), context.Canceled)
		assert.ErrorIs(t, p.Close(), context.Canceled)
		assert.Empty(t, j.all())
	})
}

// silent is a context whose end is seen by those who look, and told to nobody.
type silent struct {
	context.Context
	done chan struct{}
}

func (c *silent) Done() <-chan struct{}               { return c.done }
func (c *silent) AfterFunc(func()) (stop func() bool) { return func() bool { return true } }
func (c *silent) Err() error {
	select {
	case <-c.done:
		return context.Canceled
	default:
		return nil
	}
}

func TestWaitKnowsOfTheEndOfTheContextBeforeTheNews(t *testing.T) { // R2
	bubble(t, func(t *testing.T) {
		var j journal
		parent := &silent{context.Background(), make(chan struct{})}
		p, _ := exitpool.NewPool(parent)
		exitpool.Start(p, j.stubborn("slow", time.Second))
		synctest.Wait()
		close(parent.done)
		took := elapsed(func() { assert.ErrorIs(t, p.Wait(parent), context.Canceled) })
		assert.Equal(t, time.Second, took, "it has ended with the pool, and waits for all")
		assert.Equal(t, []string{"acquire slow", "release slow"}, j.all())
		assert.ErrorIs(t, p.Close(), context.Canceled)
	})
}

func TestWaitBesideAnExitTellsWhatFailedMeanwhile(t *testing.T) { // E2
	bubble(t, func(t *testing.T) {
		p, _ := exitpool.NewPool(t.Context())
		p.Defer(func(context.Context) error { time.Sleep(time.Minute); return nil }) // the exit goes on meanwhile
		exitpool.Start(p, failing(time.Second, errBoom), exitpool.Name("bad"))
		synctest.Wait()
		exited := make(chan error)
		go func() { exited <- p.Close() }()
		synctest.Wait()
		assert.EqualError(t, p.Wait(t.Context()), "acquire bad: boom")
		assert.EqualError(t, <-exited, "acquire bad: boom")
	})
}

// followed counts who follows it.
type followed struct {
	hookContext
	n int
}

func (c *followed) AfterFunc(f func()) func() bool {
	c.n++
	c.hook()
	return func() bool { c.n--; return true }
}

// gateError waits when somebody looks into it.
type gateError struct{ gate chan struct{} }

func (e *gateError) Error() string { return "gate" }
func (e *gateError) Unwrap() error { <-e.gate; return nil }

func TestNobodyFollowsTheContextAfterAnExitInTheMiddleOfStart(t *testing.T) { // R8, R7
	for name, exit := range map[string]func(p *exitpool.ExitPool, gate chan struct{}){
		"that is over": func(p *exitpool.ExitPool, _ chan struct{}) { p.Close() },
		"that makes its outcome": func(p *exitpool.ExitPool, gate chan struct{}) {
			p.Defer(func(context.Context) error { <-gate; return nil })
			go p.Exit(&gateError{gate}) // looks into it beside what is abandoned
			time.Sleep(2 * time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				gate := make(chan struct{})
				parent := &followed{hookContext: hookContext{t.Context(), make(chan struct{}), func() {}}}
				p, _ := exitpool.NewPool(parent, exitpool.Abandon(time.Second))
				parent.hook = func() {
					parent.hook = func() {}
					exit(p, gate)
				}
				_, err := exitpool.Start(p, value(1)).Get(t.Context())
				assert.Equal(t, exitpool.ErrClosed, err)
				close(gate)
				p.Close()
				assert.Zero(t, parent.n)
			})
		})
	}
}

// slowEnd is a context whose Err takes a second when it is asked the first time
// after the end.
type slowEnd struct {
	context.Context
	ended, over bool
}

func (c *slowEnd) Err() error {
	if c.ended {
		c.ended = false
		time.Sleep(time.Second)
		c.over = true
	}
	return c.Context.Err()
}

func TestExitWaitsForTheGoroutineThatHearsOfTheEndOfTheContext(t *testing.T) { // R8
	bubble(t, func(t *testing.T) {
		parent, cancel := context.WithCancel(t.Context())
		slow := &slowEnd{Context: parent}
		p, _ := exitpool.NewPool(slow)
		_, err := exitpool.Start(p, value(1)).Get(t.Context())
		require.NoError(t, err)
		slow.ended = true
		cancel()
		synctest.Wait() // it asks
		p.Close()
		assert.True(t, slow.over)
	})
}

// askedContext calls f when it is asked for Err, the n-th time from now on.
type askedContext struct {
	context.Context
	n atomic.Int32
	f func()
}

func (c *askedContext) Err() error {
	if c.n.Add(-1) == 0 {
		c.f()
	}
	return c.Context.Err()
}

// queuedBehind starts a member that waits for its share, until gate is closed.
func queuedBehind(p *exitpool.ExitPool, gate <-chan struct{}, r exitpool.Resource[string]) *exitpool.Entry[string] {
	exitpool.Start(p, func(context.Context, *exitpool.ExitStack) (int, error) { <-gate; return 1, nil })
	e := exitpool.Start(p, r)
	synctest.Wait()
	return e
}

func TestReleaseAtAnyInstantOfTheCancellationOfAQueuedMember(t *testing.T) { // R10, C6
	for instant := range int32(6) {
		bubble(t, func(t *testing.T) {
			var j journal
			parent := &askedContext{Context: t.Context()}
			p, _ := exitpool.NewPool(parent, exitpool.Limit(1))
			gate := make(chan struct{})
			e := queuedBehind(p, gate, j.resource("second", 0))
			parent.f = func() {
				go e.Release()
				synctest.Wait()
			}
			parent.n.Store(instant)
			p.Cancel(errBoom)
			time.Sleep(time.Second)
			close(gate)
			assert.Equal(t, errBoom, p.Close())
			assert.NoError(t, e.Release())
			assert.Empty(t, j.all())
		})
	}
}

func TestTheTurnOfAQueuedMemberComesAtAnyInstantOfItsRelease(t *testing.T) { // R10
	for instant := range int32(6) {
		bubble(t, func(t *testing.T) {
			var j journal
			parent := &askedContext{Context: t.Context()}
			p, ctx := exitpool.NewPool(parent, exitpool.Limit(1))
			gate := make(chan struct{})
			e := queuedBehind(p, gate, j.resource("second", 0))
			var opened atomic.Bool
			open := func() {
				if opened.CompareAndSwap(false, true) {
					close(gate)
					time.Sleep(time.Second)
				}
			}
			parent.f = open
			parent.n.Store(instant)
			assert.NoError(t, e.Release())
			open()
			_, err := e.Get(ctx)
			assert.Equal(t, exitpool.ErrReleased, err)
			assert.NoError(t, p.Close())
			assert.Empty(t, j.all())
		})
	}
}
