package proptest

import (
	"errors"
	"fmt"
	"time"

	"github.com/exitpool/exitpool"
)

// An oracle says what is wrong with the log of a program. It knows the program and
// the contract; what is ambiguous there, or a matter of who comes first, it lets pass.
type oracle struct {
	p        *Program
	events   []Event
	problems []string

	begins, ends []int // of functions: the index of the event; -1: there is none
	runs         []int // how often each function began
	told         []int // of tasks
	registering  []int // of registrations
	registered   []int
	entered      []int // of resources: the end of Enter
	gotten       []bool
	started      []int
	released     [][]int // of resources: the ends of Entry.Release
	made         []int   // of pools on stacks, by holder
	waited       []int   // of pools: the last Wait that returned nil
	scopeEnds    []int
	rootEnd      int
}

// Check returns what is wrong with a run of p; nil if nothing is. elapsed says that
// its time is virtual.
func Check(p *Program, events []Event, obs *observations, elapsed bool) []string {
	o := &oracle{p: p, events: events}
	o.index()
	if o.rootEnd < 0 {
		return []string{"R7: the root did not end"}
	}
	o.once()
	o.inTime()
	o.lifo()
	o.dependencies()
	o.bodies()
	o.contexts(obs)
	o.errors()
	o.causes()
	o.noise()
	o.ways()
	o.waits()
	o.callers()
	o.circles()
	o.shares()
	o.observed(obs)
	if elapsed && p.Features.clean() {
		o.critical()
	}
	return o.problems
}

func (o *oracle) problem(format string, args ...any) {
	o.problems = append(o.problems, fmt.Sprintf(format, args...))
}

// index finds the events by what they are about.
func (o *oracle) index() {
	none := func(n int) []int {
		s := make([]int, n)
		for i := range s {
			s[i] = -1
		}
		return s
	}
	p := o.p
	o.begins, o.ends, o.told, o.runs = none(len(p.Fns)), none(len(p.Fns)), none(len(p.Fns)), make([]int, len(p.Fns))
	o.registering, o.registered = none(len(p.Regs)), none(len(p.Regs))
	o.entered, o.started, o.gotten = none(len(p.Ress)), none(len(p.Ress)), make([]bool, len(p.Ress))
	o.released = make([][]int, len(p.Ress))
	o.made, o.waited = none(len(p.Holders)), none(len(p.Holders))
	o.scopeEnds, o.rootEnd = none(len(p.Scopes)), -1
	for i, e := range o.events {
		switch e.What {
		case FnBegin:
			o.begins[e.ID] = i
			o.runs[e.ID]++
		case FnEnd:
			o.ends[e.ID] = i
		case TaskTold:
			o.told[e.ID] = i
		case Registering:
			o.registering[e.ID] = i
		case Registered:
			o.registered[e.ID] = i
		case EnterEnd:
			o.entered[e.ID] = i
		case PoolMade:
			o.made[e.ID] = i
		case Started:
			o.started[e.ID] = i
		case GetEnd:
			o.gotten[e.ID] = o.gotten[e.ID] || e.Err == nil
		case WaitEnd:
			if e.Err == nil && e.How == Returned {
				o.waited[e.ID] = i
			}
		case ReleaseEnd:
			if !errors.Is(e.Err, exitpool.ErrInUse) {
				o.released[e.ID] = append(o.released[e.ID], i)
			}
		case ScopeEnd:
			o.scopeEnds[e.ID] = i
		case RootEnd:
			o.rootEnd = i
		}
	}
}

// good reports whether what happened at i returned nil.
func (o *oracle) good(i int) bool {
	return i >= 0 && o.events[i].How == Returned && o.events[i].Err == nil
}

// held reports whether r was certainly acquired, and was not the loser of a race.
func (o *oracle) held(r *Res) bool {
	if r.Fn != nil && !o.good(o.ends[r.Fn.ID]) {
		return false
	}
	switch {
	case r.In.Res != nil && r.In.Pool: // a kid
		return r.In.Res.Kind == Gather && o.held(r.In.Res)
	case r.Start:
		own := r.Optional || r.Acquire >= 0 || len(o.released[r.ID]) > 0 // Wait does not tell
		return o.gotten[r.ID] || !own && o.started[r.ID] >= 0 && o.started[r.ID] < o.waited[r.In.ID]
	case r.In.Scope != nil && r.In.Scope.Res == r: // of Use
		return o.begins[r.In.Scope.Body.ID] >= 0
	default:
		return o.good(o.entered[r.ID])
	}
}

// kept reports whether r was certainly held until the scope around it ended.
func (o *oracle) kept(r *Res) bool { return len(o.released[r.ID]) == 0 && o.held(r) }

// within calls f with the resources between h and the scope that holds it.
func within(h *Holder, f func(*Res) bool) bool {
	for m := h.member(); m != nil; m = m.In.member() {
		if !f(m) {
			return false
		}
	}
	return true
}

// bounded reports whether Grace or ReleaseTimeout may cut what is registered on h,
// and how long after its beginning at the earliest.
func bounded(h *Holder) (after time.Duration, may bool) {
	after = -1
	add := func(d time.Duration) {
		if d >= 0 && (after < 0 || d < after) {
			after = d
		}
	}
	for {
		add(h.Opts.Grace)
		switch {
		case h.On != nil:
			h = h.On
		case h.Res != nil:
			add(h.Res.Release)
			h = h.Res.In
		default:
			return after, after >= 0
		}
	}
}

// critical checks the time that a clean program takes (D2).
func (o *oracle) critical() {
	want, err := criticalPath(o.p)
	if err != nil {
		return
	}
	if got := o.events[o.rootEnd].At; got != want {
		o.problem("D2: took %v, the critical path is %v", got, want)
	}
}
