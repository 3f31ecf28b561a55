package exitpool

import (
	"context"
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
	prev, next *member // in members
	node       depend.Node[*member]
	ready      chan struct{} // made by the first that waits; closed when settled
	more       *more         // nil until there is something to know
	since      time.Duration // of the state, from the epoch of the pool
	state      atomic.Uint32 // written under mu
	share      bool          // it holds a share of the Limit
	doomed     bool          // released before its acquisition ended, or the loser of a race
	early      bool          // it was Release that released it
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
	err        error                // of its acquisition, or of its death if it is optional: what Get returns
	blamed     []error              // failures of members that it used (D4)
	guests     map[*member]struct{} // users from elsewhere, for Release
	waits      []*member            // for which it waits in Get
	taking     chan struct{}        // closed when a goroutine of it has tried to take its share again;
	stopTaking func()               // ends the try
	left       chan struct{}        // made by the second caller of Release; closed when gone
	released   error                // what Release returned
	cut        bool                 // its acquisition was cut off, or came too late
	broke      error                // what the caller of Enter, or of Release, is to be hit with
	beside     error                // and what goes with that
}

func (m *member) moreLocked() *more {
	if m.more == nil {
		m.more = new(more)
	}
	return m.more
}

// prepare makes m ready to be acquired; parent is that of its lifetime context.
func (m *member) prepare(call string, self acquirer, parent *context.Context, o *origin, opts []EntryOption) {
	m.self, m.opts = self, &noParticulars
	m.stack.own = m
	m.stack.origin.Store(o)
	m.Init(parent, m.pool != nil)
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

// acquire runs the Resource. It reports whether m is good, and has still to be kept by
// its holder; all else is done. It does not return after a Goexit.
func (m *member) acquire() (good bool) {
	sp := m.span(OpAcquire)
	var err error
	if callguard.Try(func() {
		sp.begin()
		m.opts.clock.start(m)
		err = m.self.acquire(m, &m.stack)
	}, func(how callguard.How) { m.settle(sp, &how, nil) }) {
		good = m.settle(sp, nil, err)
	}
	return good
}

// depart releases a member that was kept, where gliding did not do it. What comes of
// it is put in x.
func (m *member) depart(told error, l *leave, x *unwinding, to progress) {
	x.stack, x.leave, x.cause = &m.stack, l, told
	if to == untouched && !m.stack.leaveHeld(told) {
		m.stack.await() // its own code has called Exit on it
		m.over()
		return
	}
	defer func() {
		x.takes(m.over())
		m.stack.publish(x.told())
	}()
	sp := m.span(OpRelease)
	if sp == nil && l.cancel == nil && m.opts.releaseTimeout < 0 {
		x.run() // nobody watches, and nothing bounds it
		return
	}
	if d := m.opts.releaseTimeout; d >= 0 {
		inner := l.within(d)
		x.leave = &inner
		defer func() { inner.end(x.abandoned) }()
	}
	stop := m.forceWith(x.leave)
	defer stop()
	release := func() error {
		x.run()
		return x.failure()
	}
	if sp != nil {
		release = sp.around(release)
	}
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
	return whenDone(l.ctx, func() { m.Force(ErrGrace) })
}
