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
	// parent points to the context that gives the values, and whose end ends this one
	// while attached. A pointer, because all members of a pool share it.
	parent *context.Context

	// state changes under the lock of std once there is one. Until then, which is all
	// the life of most resources, it changes without a lock.
	state atomic.Uint32
	// followed is set at Init: the owner calls Cancel when the parent ends. Else
	// this context follows the parent itself, from the first Done on. (It stands
	// here for the size of the struct.)
	followed bool

	std atomic.Pointer[standard] // nil until Done, or until cancelled with a cause; set before looked
}

type standard struct {
	mu     sync.Mutex // nothing foreign is called under it
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

// Init prepares c. What parent points to is its parent, and does not change. If
// followed, the caller promises to call Cancel when the parent ends.
func (c *Context) Init(parent *context.Context, followed bool) {
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
	if c.std.Load() == nil {
		return false // it was not attached
	}
	s := c.lock()
	lives := c.state.CompareAndSwap(attached|looked, detached|looked)
	s.unlockAndStop()
	return lives
}

// Force ends c with the given cause, attached or not.
func (c *Context) Force(cause error) { c.end(context.Canceled, cause, detached) }

// End ends c: the resource is over.
func (c *Context) End() {
	if c.state.CompareAndSwap(detached, over) || c.state.CompareAndSwap(attached, over) || c.state.Load() == over {
		return // who makes a standard context sees that it is over
	}
	s := c.lock()
	c.state.Or(over) // under the lock, so that nobody sees Err before Done
	s.cancel(nil)
	s.unlockAndStop()
}

// end cancels c unless its stage is beyond last.
func (c *Context) end(err, cause error, last uint32) bool {
	s := c.lock()
	defer s.mu.Unlock()
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
	s := c.lock()
	follow := c.state.Load() == attached|looked && !c.followed && s.stop == nil
	if follow {
		s.stop = func() {} // taken: only one call follows
	}
	s.mu.Unlock()
	if follow && (*c.parent).Done() != nil {
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
	if s := c.std.Load(); s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.err != nil {
			return s.err
		}
	}
	return context.Canceled
}

// Value implements context.Context.
func (c *Context) Value(key any) any {
	switch s := c.state.Load(); {
	case s&looked != 0:
		return c.std.Load().ctx.Value(key) // context.Cause, and derived contexts, look there
	case s == attached:
		return (*c.parent).Value(key)
	default:
		return (*values)(c).Value(key)
	}
}

// Deadline implements context.Context: the parent's, while attached.
func (c *Context) Deadline() (time.Time, bool) {
	if c.state.Load()&stage == attached {
		return (*c.parent).Deadline()
	}
	return time.Time{}, false
}

// poll ends c if its parent has ended and the news has not come yet.
func (c *Context) poll() {
	if c.state.Load()&stage != attached {
		return
	}
	if err := (*c.parent).Err(); err != nil {
		c.Cancel(err, context.Cause(*c.parent))
	}
}

// follow cancels c when the parent ends.
func (c *Context) follow(s *standard) {
	ran := make(chan struct{})
	stop := context.AfterFunc(*c.parent, func() {
		defer close(ran)
		c.Cancel((*c.parent).Err(), context.Cause(*c.parent))
	})
	both := func() {
		if !stop() {
			<-ran // it has started: no goroutine is left behind
		}
	}
	s.mu.Lock()
	late := c.state.Load()&stage != attached
	if !late {
		s.stop = both
	}
	s.mu.Unlock()
	if late {
		both()
	}
}

// unlockAndStop ends the following of the parent.
func (s *standard) unlockAndStop() {
	stop := s.stop
	s.stop = nil
	s.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// lock makes the standard context, unless there is one, and locks it: no change of
// state goes without that from here on. It asks the parent for Done only: nothing foreign
// runs under the lock.
func (c *Context) lock() *standard {
	s := c.std.Load()
	if s == nil {
		s = new(standard)
		s.ctx, s.cancel = context.WithCancelCause((*values)(c))
		if !c.std.CompareAndSwap(nil, s) {
			s = c.std.Load()
		}
	}
	s.mu.Lock()
	// The last change that went without the lock may have been End.
	if c.state.Or(looked) == over {
		s.cancel(nil)
	}
	return s
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
		return context.WithoutCancel(*v.parent).Value(key)
	}
	return (*v.parent).Value(key)
}
