package exitpool

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// scope is what a stack and a pool have in common: where it stands between open
// and exited, where it comes from, and what is known of its end.
type scope struct {
	// mu guards this struct and everything of the stack or pool around it that
	// does not say otherwise. Nothing foreign runs under it: no acquisition,
	// release, task or observer, no method of an error or of somebody's context.
	// Two such locks are never held at once.
	mu     sync.Mutex
	origin atomic.Pointer[origin] // nil: a zero value. Set at creation; PopAll moves that of a stack
	end    *ending                // nil until there is something to know
	phase  phase
	asks   bool   // something registered wants to know of a Goexit (X1)
	held   bool   // of a member's stack: its acquisition has ended
	nests  bool   // of a stack: there has been an Enter or a pool on it
	seq    uint32 // of the next thing that is registered: its index
}

type phase uint8

const (
	open    phase = iota
	exiting       // the cause is settled; releases run
	drained       // nothing is left to release; the outcome is being made
	exited        // the outcome is there
)

// origin is where a scope comes from. It does not change.
type origin struct {
	ctx    context.Context
	opts   *options
	body   context.Context         // the body's context; nil: it has none
	cancel context.CancelCauseFunc // of that
}

var zeroOrigin = origin{ctx: context.Background(), opts: &noOptions} // never written

// ending is what is known of the end of a scope. Guarded by the scope's mu.
type ending struct {
	forced *forcing      // nil: not forced
	stray  []error       // of observers while it exits; of an Enter that does not return
	guest  []*member     // of a member's stack: what it got elsewhere
	done   chan struct{} // made by the second caller of Exit; closed when exited
	told   error         // what late registrations are told: the cause, then the outcome
	result error         // what Exit returns; set when exited
}

// forcing is a forced exit. later is only appended to.
type forcing struct {
	cause error // nil after Cancel(nil)
	later []error
}

// reason is the cause for contexts.
func (f *forcing) reason() error {
	if f.cause == nil {
		return context.Canceled
	}
	return f.cause
}

// all lists the causes. It works on nil.
func (f *forcing) all() []error {
	if f == nil {
		return nil
	}
	return append(nonNil(f.cause), f.later...)
}

func (c *scope) from() *origin {
	if o := c.origin.Load(); o != nil {
		return o
	}
	return &zeroOrigin
}

func (c *scope) endingLocked() *ending {
	if c.end == nil {
		c.end = new(ending)
	}
	return c.end
}

// strayLocked notes what there is nobody to report.
func (c *scope) strayLocked(errs ...error) {
	e := c.endingLocked()
	e.stray = append(e.stray, errs...)
}

// forceLocked records a cause. It is not taken once Exit has begun.
func (c *scope) forceLocked(cause error) (first, taken bool) {
	if c.phase != open {
		return false, false
	}
	e := c.endingLocked()
	if e.forced == nil {
		e.forced = &forcing{cause: cause}
		return true, true
	}
	known := func(err error) bool { return same(err, cause) }
	if f := e.forced; cause != nil && !known(f.cause) && !slices.ContainsFunc(f.later, known) {
		f.later = append(f.later, cause)
	}
	return false, true
}

// forcedLocked returns a copy, which others may read.
func (c *scope) forcedLocked() *forcing {
	f := c.forcingLocked()
	if f == nil {
		return nil
	}
	copied := *f
	return &copied
}

func (c *scope) forcingLocked() *forcing {
	if c.end == nil {
		return nil
	}
	return c.end.forced
}

// callerEnded returns the error of the context on which the scope was created,
// if that has ended.
func (c *scope) callerEnded() error {
	if ctx := c.from().ctx; ctx.Err() != nil {
		return interrupted(ctx)
	}
	return nil
}

// newOrigin checks what a constructor is given; call is its name.
func newOrigin(call string, ctx context.Context, parent *options, opts []Option) origin {
	if ctx == nil {
		panic("exitpool: " + call + ": nil Context")
	}
	return origin{ctx: ctx, opts: parent.and(call, opts)}
}

// releaseContext is what the releases of a scope get where nothing bounds them:
// the values of its context, and no end (C1).
func (o *origin) releaseContext() context.Context {
	if o.ctx == context.Background() {
		return o.ctx
	}
	return context.WithoutCancel(o.ctx)
}

// cancelBody ends the body's context.
func (o *origin) cancelBody(cause error) {
	if o.cancel != nil {
		o.cancel(cause)
	}
}
