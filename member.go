package exitpool

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/exitpool/exitpool/internal/callguard"
	"github.com/exitpool/exitpool/internal/depend"
	"github.com/exitpool/exitpool/internal/lifetime"
)

// member is one resource, in a pool (Start) or on a stack (Enter): its lifetime
// context, the stack of what it registered, and in a pool its place among the
// others. It is the context that its acquisition gets.
//
// Its life: acquire runs the Resource; settle decides what came of it, and either
// has the holder keep it or unwinds it and has the holder drop it; depart
// releases a member that was kept.
type member struct {
	lifetime.Context
	stack ExitStack
	pool  *ExitPool                 // in which it is, or nil:
	in    atomic.Pointer[ExitStack] // the stack on which it is. PopAll moves it
	self  acquirer
	opts  *particulars // what is rarely used. Set at creation

	// Guarded by the pool's mu. On a stack only the goroutine of Enter uses them.
	prev, next *member // in the pool's list, or in the stack's of what is in flight
	node       depend.Node[*member]
	ready      chan struct{} // made by the first that waits; closed when settled
	more       *more         // nil until there is something to know
	since      int64         // of the state, in Unix nanoseconds
	state      atomic.Uint32 // written under mu
	share      bool          // it holds a share of the Limit
	doomed     bool          // released before its acquisition ended, or the loser of a race
}

// acquirer is the typed part of a member: an Entry.
type acquirer interface {
	acquire(ctx context.Context, s *ExitStack) error
	label(index uint32) string
}

// The states of a member, in this order. A pool counts those before held as being
// acquired.
const (
	queued uint32 = iota
	acquiring
	undoing // its acquisition has failed
	held
	releasing
	gone   // released, or its acquisition has failed
	adrift // its acquisition was abandoned
)

// particulars are the options of one member.
type particulars struct {
	name           string
	weight         int64
	acquireTimeout time.Duration // none: negative
	releaseTimeout time.Duration // none: negative
	optional       bool
	id             uint64 // 0: nobody observes
	clock          *clock // nil: no AcquireTimeout
}

var noParticulars = particulars{weight: 1, acquireTimeout: none, releaseTimeout: none} // never written

// more is what is known of a member with which something happened.
type more struct {
	err      error         // of its acquisition, or of its death if it is optional: what Get returns
	blamed   []error       // failures of members that it used (D4)
	waits    []*member     // for which it waits in Get
	left     chan struct{} // made by the second caller of Release; closed when gone
	released error         // what Release returned
	early    bool          // it was Release that released it
	broke    result        // what the caller of Enter, or of Release, is to be hit with
}

func (m *member) moreLocked() *more {
	if m.more == nil {
		m.more = new(more)
	}
	return m.more
}

// prepare makes m ready to be acquired; ctx is its lifetime context's parent.
func (m *member) prepare(call string, self acquirer, ctx context.Context, o *origin, opts []EntryOption) {
	m.self, m.opts = self, &noParticulars
	m.stack.own, m.stack.origin = m, o
	m.Init(ctx, m.pool != nil)
	if len(opts) == 0 && o.opts.observer == nil {
		return
	}
	own := noParticulars
	for _, opt := range opts {
		if opt == nil {
			panic("exitpool: " + call + ": nil EntryOption")
		}
		opt.entry(&own)
	}
	if o.opts.observer != nil {
		own.id = newID()
	}
	if own.acquireTimeout >= 0 {
		own.clock = &clock{left: own.acquireTimeout}
	}
	m.opts = &own
}

// Value makes a member known to what is done inside it.
func (m *member) Value(key any) any {
	if key == (insideKey{}) {
		return m
	}
	return m.Context.Value(key)
}

// Depend implements depend.Vertex.
func (m *member) Depend() *depend.Node[*member] { return &m.node }

func (m *member) named() bool    { return m.opts.name != "" }
func (m *member) optional() bool { return m.opts.optional }

func (m *member) name() string {
	if m.named() {
		return m.opts.name
	}
	return m.self.label(m.node.Order)
}

// holder is the pool or stack of a member.
type holder interface {
	// keep takes over a member that has been acquired. It refuses if the scope
	// has ended meanwhile.
	keep(*member) bool
	// ended is why the acquisition of m is of no use; nil if it is m's own context.
	ended(*member) error
	// blame tells of a failed acquisition, before it is unwound.
	blame(*member, *fault)
	// drop takes leave of a member whose acquisition failed and has been unwound.
	drop(*member, *fault)
}

func (m *member) holder() holder {
	if m.pool != nil {
		return m.pool
	}
	return m.in.Load()
}

// A fault is why an acquisition came to nothing.
type fault struct {
	result          // what its Resource ended with
	cut       bool  // it was cut off, or came too late: no failure of its own
	err       error // for whoever asks
	unwinding unwinding
	leave     leave
}

// acquire runs the Resource. It does not return after a Goexit.
func (m *member) acquire() {
	sp := m.span(OpAcquire)
	var err error
	callguard.Call(func() {
		sp.begin()
		m.opts.clock.start(m)
		err = m.self.acquire(m, &m.stack)
	}, func(how callguard.How) { m.settle(sp, how, err) })
}

// settle decides what came of the acquisition. It may be running in a deferred
// call of a goroutine that exits, so what must happen stands in deferred calls.
func (m *member) settle(sp *span, how callguard.How, err error) {
	f := m.judge(how, err)
	defer m.conclude(sp, f)
	if f == nil {
		sp.end(nil, m.usesIDs())
	}
}

// judge tells whether the acquisition succeeded: nil, or why not.
func (m *member) judge(how callguard.How, err error) *fault {
	late := m.opts.clock.stop()
	good := err == nil && !how.Panicked && !how.Exited
	own := m.stack.settle(good)
	if lives := m.Detach(); good && lives && own == nil && !late {
		return nil
	}
	f := &fault{err: err}
	f.take(how, OpAcquire, m.name)
	switch {
	case f.broke():
		f.err = f.error()
	case own != nil: // a task of its own, or its own Cancel
		f.err = reckoning{body: err, forced: own}.account(nil).err()
		if f.err == nil {
			f.err = own.reason()
		}
		if f.panicked, _ = own.cause.(*PanicError); f.panicked == nil {
			f.exited = same(own.cause, ErrGoexit)
		}
	case late:
		if err != nil && induced(err, m) {
			err = nil
		}
		f.err = &overrun{err, []error{context.DeadlineExceeded}}
	case err == nil || induced(err, m):
		f.cut, f.err = true, m.cutError()
	}
	f.result.err = f.err
	return f
}

// cutError is the error of an acquisition that was cut off.
func (m *member) cutError() error {
	if err := m.holder().ended(m); err != nil {
		return err
	}
	return interrupted(m)
}

// conclude hands the member over to its holder, or unwinds what it registered.
func (m *member) conclude(sp *span, f *fault) {
	h := m.holder()
	if f == nil {
		if h.keep(m) {
			return
		}
		// It came too late (R2): it is released here and now.
		m.stack.settle(false)
		f = &fault{cut: true, err: m.cutError()}
		f.result.err = f.err
		sp = m.span(OpRelease)
		sp.begin()
	}
	h.blame(m, f)
	f.leave = m.stack.from().leave()
	f.unwinding = unwinding{stack: &m.stack, leave: &f.leave, protected: true}
	f.unwinding.cause = f.result.err // told as the Resource returned it, without a name
	defer func() {
		f.leave.end()
		m.End()
		if f.panicked == nil {
			f.panicked = f.unwinding.panicked
		}
		f.exited = f.exited || f.unwinding.exited
		f.err = joined(f.err, f.unwinding.others)
		m.stack.publish(f.err)
		defer h.drop(m, f)
		sp.end(f.err, m.usesIDs())
	}()
	stop := m.forceWith(&f.leave)
	defer stop()
	callguard.Loop(&f.unwinding)
}

// depart releases a member that was kept.
func (m *member) depart(told error, l *leave, v *verdict) {
	if d := m.opts.releaseTimeout; d >= 0 {
		inner := l.within(d)
		l = &inner
		defer inner.end()
	}
	if !m.stack.leaveHeld(told) {
		m.stack.await() // its own code has called Exit on it
		m.End()
		return
	}
	x := &unwinding{stack: &m.stack, leave: l}
	x.cause = told
	release := func() error {
		callguard.Loop(x)
		return joined(nil, x.others)
	}
	if sp := m.span(OpRelease); sp != nil {
		release = sp.around(release)
	}
	defer func() {
		m.End()
		m.stack.publish(x.told())
		*v = x.verdict
		v.failures = x.others
	}()
	stop := m.forceWith(l)
	defer stop()
	release()
}

// forceWith ends the lifetime context when the time of the leave is over: that is
// the force (C2). The function that it returns ends the watch.
func (m *member) forceWith(l *leave) (stop func()) {
	if l.cancel == nil {
		return func() {}
	}
	if l.over() {
		m.Force(ErrGrace)
		return func() {}
	}
	ran := make(chan struct{})
	halt := context.AfterFunc(l.ctx, func() {
		defer close(ran)
		m.Force(ErrGrace)
	})
	return func() {
		if !halt() {
			<-ran
		}
	}
}

// fail is the death of a member, or a Cancel on its stack. While it is being
// acquired, that acquisition fails; later the scope around it is forced to exit.
// nested says that cause comes from a scope inside it.
func (m *member) fail(cause error, nested bool) (taken bool) {
	s := &m.stack
	s.mu.Lock()
	if !s.held {
		first, taken := s.forceLocked(cause)
		s.mu.Unlock()
		if first {
			m.Cancel(context.Canceled, s.reason())
		}
		return taken
	}
	alive := s.phase == open
	s.mu.Unlock()
	if !alive {
		return false
	}
	if m.optional() && !unstoppable(cause) {
		m.die(cause)
		return true
	}
	var e *OpError
	if nested && m.named() && errors.As(cause, &e) && !unstoppable(cause) {
		cause = opError(e.Op, m.name, true, cause)
	}
	if m.pool != nil {
		return m.pool.force(cause)
	}
	return forceFrom(&m.in, cause, true)
}

// die records the death of an optional member for those who Get it from now on.
func (m *member) die(cause error) {
	if m.pool == nil {
		return // the value is with the caller of Enter already
	}
	if cause == nil {
		cause = context.Canceled
	}
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	if more := m.moreLocked(); more.err == nil {
		more.err = cause
	}
}

func (r *result) broke() bool { return r.panicked != nil || r.exited }
