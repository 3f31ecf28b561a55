package exitpool

import (
	"cmp"
	"context"
	"runtime"
	"runtime/trace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/exitpool/exitpool/internal/callguard"
)

// Event is the beginning or the end of an acquisition, a task or a release. The
// two have the same Op, ID and Start. Of a release there is one pair for a member
// as a whole, and one for each function that is registered on a scope itself.
//
// A Cancel that comes after Exit has begun is an Event too, with the Op OpRun,
// the name "Cancel" and Done set.
type Event struct {
	Op      Op
	ID      uint64 // of the member, or of the task or function; unique in the process
	Parent  uint64 // the member inside which it is; 0 outside any
	Name    string
	Start   time.Time
	Elapsed time.Duration // 0 until Done
	Done    bool          // false: begins; true: ended
	Err     error
	Uses    []uint64 // on the end of an acquisition: the members it got
	// Cancelled says, on the end of an acquisition or a task, that it did not fail by
	// itself: Err is why it was cancelled, or the error of a member that it used, and
	// that error is an event elsewhere.
	Cancelled bool
}

// lastID is the only state of the package.
var lastID atomic.Uint64

func newID() uint64 { return lastID.Add(1) }

// An observer is what Observe was given. All its methods work on nil.
type observer struct {
	tell  []func(Event)
	calls atomic.Int32 // in progress
}

// call tells the observer, and broke if that panicked or called Goexit. What an
// observer does to a scope from inside a call is not told to it again.
func (o *observer) call(ev Event, broke func(error)) {
	if o == nil || o.calls.Load() > 0 && insideObserver() {
		return
	}
	for i := range o.tell {
		o.callOne(i, ev, broke)
	}
}

func (o *observer) callOne(i int, ev Event, broke func(error)) {
	o.calls.Add(1)
	callguard.Call(func() { o.tell[i](ev) }, func(how callguard.How) {
		o.calls.Add(-1)
		if err := broken(how, ev.Op, func() string { return "observer of " + ev.Name }); err != nil {
			broke(err)
		}
	})
}

// insideObserver reports whether the calling goroutine is in a call of an
// observer. It looks at the stack, because goroutines have no name; that is slow,
// and rare: some observer must be running.
func insideObserver() bool {
	pcs := make([]uintptr, 64)
	for skip := 0; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs)
		frames := runtime.CallersFrames(pcs[:n])
		for more := true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			if strings.HasSuffix(f.Function, "exitpool.(*observer).callOne.func1") {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}

// lateCancel tells of a Cancel that came too late to change anything.
func (o *observer) lateCancel(parent *member, cause error, broke func(error)) {
	o.call(Event{Op: OpRun, ID: newIDFor(o), Parent: parent.id(), Name: "Cancel",
		Start: time.Now(), Done: true, Err: cause}, broke)
}

// afterwards tells what something that was abandoned ended with.
func (o *observer) afterwards(op Op, m *member, name string, err error) {
	o.call(Event{Op: op, ID: m.id(), Name: name, Start: time.Now(), Done: true, Err: err}, func(error) {})
}

func newIDFor(o *observer) uint64 {
	if o == nil {
		return 0
	}
	return newID()
}

func (m *member) id() uint64 {
	if m == nil {
		return 0
	}
	return m.opts.id
}

// usesIDs are the members that m got, for its Event.
func (m *member) usesIDs() (ids []uint64) {
	if m.opts.id == 0 || m.pool == nil {
		return nil
	}
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	for _, used := range m.node.Uses() {
		ids = append(ids, used.opts.id)
	}
	return ids
}

// A span is one operation that somebody watches: an observer, or runtime/trace.
// begin and end work on nil.
type span struct {
	o      *observer
	broke  func(error) // takes the panic of an observer
	ev     Event
	region *trace.Region // nil: nobody traces
}

// watched reports whether there is a use for spans.
func (o *origin) watched() bool { return o.opts.observer != nil || trace.IsEnabled() }

// span is that of a member; nil if nobody watches.
func (m *member) span(op Op) *span {
	o := m.stack.from()
	if !o.watched() {
		return nil
	}
	return &span{o: o.opts.observer, broke: m.observerBroke,
		ev: Event{Op: op, ID: m.opts.id, Parent: m.outer().id(), Name: m.name()}}
}

// span is that of a function or task on the stack; nil if nobody watches.
func (s *ExitStack) span(op Op, name func() string) *span {
	o := s.from()
	if !o.watched() {
		return nil
	}
	return &span{o: o.opts.observer, broke: s.observerBroke,
		ev: Event{Op: op, ID: newIDFor(o.opts.observer), Parent: s.outer().id(), Name: name()}}
}

func (sp *span) begin() {
	if sp == nil {
		return
	}
	sp.ev.Start = time.Now()
	if trace.IsEnabled() {
		sp.region = trace.StartRegion(context.Background(), string(sp.ev.Op)+" "+sp.ev.Name)
	}
	sp.o.call(sp.ev, sp.broke)
}

// cancelled notes, before the end, how that is to be told.
func (sp *span) cancelled(so bool) {
	if sp != nil {
		sp.ev.Cancelled = so
	}
}

func (sp *span) end(err error, uses []uint64) {
	if sp == nil {
		return
	}
	if sp.region != nil {
		sp.region.End()
	}
	ev := sp.ev
	ev.Elapsed, ev.Done, ev.Err, ev.Uses = time.Since(ev.Start), true, err, uses
	sp.o.call(ev, sp.broke)
}

// around returns f with its beginning and its end told. f runs also if the
// observer ends the goroutine.
func (sp *span) around(f func() error) func() error {
	return func() (err error) {
		defer func() {
			callguard.Call(func() { err = f() }, func(how callguard.How) {
				broke := broken(how, sp.ev.Op, func() string { return sp.ev.Name })
				if p, panicked := broke.(*PanicError); panicked {
					defer panic(p)
				}
				sp.end(cmp.Or(broke, err), nil)
			})
		}()
		sp.begin()
		return nil
	}
}

// observerBroke takes the panic of an observer: it is one of the scope, inside a
// member of the one around that.
func (s *ExitStack) observerBroke(err error) {
	if s.own != nil { // its release may be over
		s.own.observerBroke(err)
		return
	}
	if s.force(err, false) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strayLocked(err)
}

func (m *member) observerBroke(err error) {
	if m.pool != nil {
		m.pool.observerBroke(err)
	} else {
		m.in.Load().observerBroke(err)
	}
}

// observerBroke takes the panic of an observer: it is one of the scope.
func (p *ExitPool) observerBroke(err error) {
	if p.force(err) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.strayLocked(err)
}
