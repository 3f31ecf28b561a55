package exitpool

import (
	"cmp"
	"context"
	"time"

	"github.com/exitpool/exitpool/internal/callguard"
)

// A leave is one way out, and the bounds of what it releases: of a scope, of a
// member whose acquisition failed, of a member that is released early.
type leave struct {
	ctx     context.Context    // what the releases get
	cancel  context.CancelFunc // of ctx; nil if nothing bounds it
	forced  time.Time          // when the grace is over; long ago, if there is none
	abandon time.Duration      // none: wait for ever
	timeout bool               // ctx has a ReleaseTimeout of one resource
}

// leave begins one. It must be ended.
func (o *origin) leave() leave {
	l := leave{ctx: o.releaseContext(), abandon: o.opts.abandon}
	if d := o.opts.grace; d >= 0 {
		l.forced = time.Now().Add(d)
		l.ctx, l.cancel = context.WithTimeoutCause(l.ctx, d, ErrGrace)
	}
	return l
}

// freely begins one that nothing bounds, and that need not be ended.
func (o *origin) freely() leave { return leave{ctx: o.releaseContext(), abandon: none} }

// within returns a leave inside l that has a ReleaseTimeout of its own.
func (l *leave) within(d time.Duration) leave {
	inner := *l
	inner.timeout = true
	inner.ctx, inner.cancel = context.WithTimeoutCause(l.ctx, d, ErrGrace)
	return inner
}

// leaveWithin begins one that is inside outer: a nested pool has its own bounds, but
// the ReleaseTimeout of the resource that it is in holds too.
func (o *origin) leaveWithin(outer *leave) leave {
	l := o.leave()
	if !outer.timeout {
		return l
	}
	own := l
	ctx, cancel := context.WithCancelCause(l.ctx)
	if outer.over() {
		cancel(ErrGrace) // what begins now begins late
	}
	stop := whenDone(outer.ctx, func() { cancel(ErrGrace) })
	l.ctx, l.timeout = ctx, true
	l.cancel = func() {
		stop()
		cancel(nil)
		own.end(nil)
	}
	return l
}

// end frees the context, unless something abandoned still has it: for that it ends
// when its time is up, and not before (C1).
func (l *leave) end(abandoned []string) {
	if l.cancel != nil && len(abandoned) == 0 {
		l.cancel()
	}
}

// bounded reports whether there is more to a release than to call it.
func (l *leave) bounded() bool { return l.cancel != nil || l.abandon >= 0 }

// over reports whether the time is up.
func (l *leave) over() bool { return l.cancel != nil && l.ctx.Err() != nil }

// late is the error of a release that returned err: it names the bound if it ran
// over it, or failed after it.
func (l *leave) late(beganLate bool, err error) error {
	if !l.over() || beganLate && err == nil {
		return err
	}
	limits := []error{ErrGrace}
	if l.timeout {
		limits = append(limits, context.DeadlineExceeded)
	}
	return &overrun{err, limits}
}

// patience returns a channel that is ready when what begins now is to be
// abandoned; nil if never. (A timer for which nobody waits need not be stopped.)
func (l *leave) patience() <-chan time.Time {
	if l.abandon < 0 {
		return nil
	}
	return time.After(max(time.Until(l.forced), 0) + l.abandon)
}

// A result is how one function of somebody else ended.
type result struct {
	err       error
	broke     error // see broken
	abandoned bool  // it has not ended: the Abandon time is over
}

// patiently calls f on a goroutine of its own and waits for it until it is to be
// abandoned. What an abandoned f ends with goes to late.
func (l *leave) patiently(f func() error, op Op, name func() string, late func(error)) result {
	ended := make(chan result) // unbuffered: either this call gets it, or late does
	abandoned := make(chan struct{})
	go func() {
		var err error
		callguard.Call(func() { err = f() }, func(how callguard.How) {
			r := result{err: err, broke: broken(how, op, name)}
			select {
			case ended <- r:
			case <-abandoned:
				late(cmp.Or(r.broke, err))
			}
		})
	}()
	select {
	case r := <-ended:
		return r
	case <-l.patience():
		close(abandoned) // the caller of Exit is not stuck in a release
		return result{abandoned: true}
	}
}
