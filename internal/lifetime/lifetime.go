// Package lifetime has the context of one resource. While the resource is being
// acquired it is cancelled with its parent; from then on it lives, whatever
// becomes of the parent, until the resource is over.
package lifetime

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Context is such a context. Init makes it usable; it must not be copied.
//
// It costs nothing until somebody looks at Done: only then a standard context
// is made, so that contexts derived from this one need no goroutine. (It costs four
// allocations, and most resources never look.)
// Err is then always Canceled or the parent's error, and the cause tells more.
type Context struct {
	parent context.Context // gives the values; its end ends this one while attached

	// state changes under mu once there is a standard context. Until then, which
	// is all the life of most resources, it changes without a lock.
	state atomic.Uint32
	// followed is set at Init: the owner calls Cancel when the parent ends. Else
	// this context follows the parent itself, from the first Done on. (It stands
	// here for the size of the struct.)
	followed bool

	mu  sync.Mutex // nothing foreign is called under it
	std *standard  // nil until Done, or until cancelled with a cause; set before looked
}

type standard struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	err    error // what Err says, once cancelled
	// stop ends the following of the parent; nil: it is not followed. It is
	// taken out before it is called, because a second call of it would wait.
	stop func()
}

// The states: one of the first three, and whether std is set.
const (
	attached uint32 = 0 // being acquired: Cancel works
	detached uint32 = 1 // held: only End and Force end it
	over     uint32 = 3
	stage    uint32 = 3 // the bits of these
	looked   uint32 = 4
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
	if c.state.CompareAndSwap(attached, detached) {
		return true
	}
	c.mu.Lock()
	lives := c.state.CompareAndSwap(attached|looked, detached|looked)
	stop := c.takeStopLocked()
	c.mu.Unlock()
	stop()
	return lives
}

// Force ends c with the given cause, attached or not.
func (c *Context) Force(cause error) { c.end(context.Canceled, cause, detached) }

// End ends c: the resource is over.
func (c *Context) End() {
	if c.state.CompareAndSwap(detached, over) {
		return
	}
	c.mu.Lock()
	c.state.Or(over)
	if c.std != nil {
		c.std.cancel(nil)
	}
	stop := c.takeStopLocked()
	c.mu.Unlock()
	stop()
}

// end cancels c unless its stage is beyond last.
func (c *Context) end(err, cause error, last uint32) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.standardLocked() // from here on the state changes under mu only
	if c.state.Load()&stage > last {
		return false
	}
	// Under the lock, so that nobody sees c ended and its cause missing. It is
	// safe: what is derived from a standard context is ended by standard code,
	// which starts a goroutine for every function of somebody else.
	s.err = err
	c.state.Store(over | looked) // first: who is woken by cancel asks Err, which waits for the lock
	s.cancel(cause)
	return true
}

// Done implements context.Context.
func (c *Context) Done() <-chan struct{} {
	c.mu.Lock()
	s := c.standardLocked()
	follow := c.state.Load() == attached|looked && !c.followed && s.stop == nil
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
	if c.state.Load()&stage != over {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.std != nil && c.std.err != nil {
		return c.std.err
	}
	return context.Canceled
}

// Value implements context.Context.
func (c *Context) Value(key any) any {
	switch s := c.state.Load(); {
	case s&looked != 0:
		return c.std.ctx.Value(key) // context.Cause, and derived contexts, look there
	case s == attached:
		return c.parent.Value(key)
	default:
		return (*values)(c).Value(key)
	}
}

// Deadline implements context.Context: the parent's, while attached.
func (c *Context) Deadline() (time.Time, bool) {
	if c.state.Load()&stage == attached {
		return c.parent.Deadline()
	}
	return time.Time{}, false
}

// poll ends c if its parent has ended and the news has not come yet.
func (c *Context) poll() {
	if c.state.Load()&stage != attached {
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
	late := c.state.Load()&stage != attached
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

// standardLocked makes the standard context. It asks its parent for Done only: nothing
// foreign runs under the lock.
func (c *Context) standardLocked() *standard {
	if c.std == nil {
		std := new(standard)
		std.ctx, std.cancel = context.WithCancelCause((*values)(c))
		c.std = std
		// From here on no change of state goes without the lock. The last one
		// that did may have been End.
		if c.state.Or(looked)&stage == over {
			std.cancel(nil)
		}
	}
	return c.std
}

// values is a Context seen as the parent of its standard context: it has the values of
// the parent, and no end. It is what context.WithoutCancel would be, without its
// allocation.
type values Context

func (v *values) Deadline() (time.Time, bool) { return time.Time{}, false }
func (v *values) Done() <-chan struct{}       { return nil }
func (v *values) Err() error                  { return nil }

// Value does not give the parent away to package context, which would take the end and
// the cause of that for this one's. The key with which it asks is of type *int.
func (v *values) Value(key any) any {
	if _, ok := key.(*int); ok {
		return context.WithoutCancel(v.parent).Value(key)
	}
	return v.parent.Value(key)
}
