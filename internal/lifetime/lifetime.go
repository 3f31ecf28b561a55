// Package lifetime has the context of one resource. While the resource is being
// acquired it is cancelled with its parent; from then on it lives, whatever
// becomes of the parent, until the resource is over.
package lifetime

import (
	"context"
	"sync"
	"time"
)

// Context is such a context. Init makes it usable; it must not be copied.
//
// It costs nothing until somebody looks at Done: only then a standard context
// is made, so that contexts derived from this one need no goroutine. (Making it
// at once costs four allocations for each resource, most of which never look.)
// Err is then always Canceled or the parent's error, and the cause tells more.
type Context struct {
	parent context.Context // gives the values; its end ends this one while attached

	mu    sync.Mutex // guards std and state; nothing foreign is called under it
	std   *standard  // nil until Done, or until cancelled with a cause
	state state
	// followed is set at Init: the owner calls Cancel when the parent ends. Else
	// this context follows the parent itself, from the first Done on. (It stands
	// here, and not above mu, for the size of the struct.)
	followed bool
}

type standard struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	err    error // what Err says, once cancelled
	// stop ends the following of the parent; nil: it is not followed. It is
	// taken out before it is called, because a second call of it would wait.
	stop func()
}

type state uint8

const (
	attached state = iota // being acquired: Cancel works
	detached              // held: only End and Force end it
	over
)

// Init prepares c, whose parent is ctx. If followed, the caller promises to call
// Cancel when the parent ends.
func (c *Context) Init(parent context.Context, followed bool) {
	c.parent, c.followed = parent, followed
}

// Cancel ends c, if it is still attached, and reports whether it did: Err is
// then err, and Cause is cause.
func (c *Context) Cancel(err, cause error) bool {
	return c.end(err, cause, attached)
}

// Detach ends the dependence on the parent and reports whether c lives: false
// says that c, or its parent, was cancelled before.
func (c *Context) Detach() bool {
	c.poll()
	c.mu.Lock()
	lives := c.state == attached
	if lives {
		c.state = detached
	}
	stop := c.takeStopLocked()
	c.mu.Unlock()
	stop()
	return lives
}

// Force ends c with the given cause, attached or not.
func (c *Context) Force(cause error) { c.end(context.Canceled, cause, detached) }

// End ends c: the resource is over.
func (c *Context) End() {
	c.mu.Lock()
	c.state = over
	if c.std != nil {
		c.std.cancel(nil)
	}
	stop := c.takeStopLocked()
	c.mu.Unlock()
	stop()
}

// end cancels c unless its state is beyond last.
func (c *Context) end(err, cause error, last state) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state > last {
		return false
	}
	s := c.standardLocked()
	// Under the lock, so that nobody sees c ended and its cause missing. It is
	// safe: what is derived from a standard context is ended by standard code,
	// which starts a goroutine for every function of somebody else.
	s.cancel(cause)
	c.state, s.err = over, err
	return true
}

// Done implements context.Context.
func (c *Context) Done() <-chan struct{} {
	c.mu.Lock()
	s := c.standardLocked()
	follow := c.state == attached && !c.followed && s.stop == nil
	if follow {
		s.stop = func() {} // taken: only one call follows
	}
	c.mu.Unlock()
	if follow && c.parent.Done() != nil {
		c.follow(s)
	}
	return s.ctx.Done()
}

// Err implements context.Context.
func (c *Context) Err() error {
	c.poll()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state != over:
		return nil
	case c.std != nil && c.std.err != nil:
		return c.std.err
	default:
		return context.Canceled
	}
}

// Value implements context.Context.
func (c *Context) Value(key any) any {
	c.mu.Lock()
	if c.state == over {
		c.standardLocked() // context.Cause must not find the parent's
	}
	s := c.std
	c.mu.Unlock()
	if s != nil {
		return s.ctx.Value(key) // context.Cause, and derived contexts, look there
	}
	return c.parent.Value(key)
}

// Deadline implements context.Context: the parent's, while attached.
func (c *Context) Deadline() (time.Time, bool) {
	c.mu.Lock()
	state := c.state
	c.mu.Unlock()
	if state == attached {
		return c.parent.Deadline()
	}
	return time.Time{}, false
}

// poll ends c if its parent has ended and the news has not come yet.
func (c *Context) poll() {
	c.mu.Lock()
	state := c.state
	c.mu.Unlock()
	if state != attached {
		return
	}
	if err := c.parent.Err(); err != nil {
		c.Cancel(err, context.Cause(c.parent))
	}
}

// follow cancels c when the parent ends.
func (c *Context) follow(s *standard) {
	ran := make(chan struct{})
	stop := context.AfterFunc(c.parent, func() {
		defer close(ran)
		c.Cancel(c.parent.Err(), context.Cause(c.parent))
	})
	both := func() {
		if !stop() {
			<-ran // it has started: no goroutine is left behind
		}
	}
	c.mu.Lock()
	late := c.state != attached
	if !late {
		s.stop = both
	}
	c.mu.Unlock()
	if late {
		both()
	}
}

func (c *Context) takeStopLocked() func() {
	if c.std == nil || c.std.stop == nil {
		return func() {}
	}
	stop := c.std.stop
	c.std.stop = nil
	return stop
}

// standardLocked makes the standard context. WithoutCancel asks the parent for
// nothing, and has no Done to follow: nothing foreign runs under the lock.
func (c *Context) standardLocked() *standard {
	if c.std == nil {
		c.std = new(standard)
		c.std.ctx, c.std.cancel = context.WithCancelCause(context.WithoutCancel(c.parent))
		if c.state == over {
			c.std.cancel(nil)
		}
	}
	return c.std
}
