package proptest

import (
	"errors"
	"slices"

	"github.com/exitpool/exitpool"
)

func is(err, target error) bool { return errors.Is(err, target) }

// A sink is an event whose error must hold what was fired: the end of a scope, of
// an Enter or of a Release.
type sink struct {
	at   int
	what string
	id   int
}

// A fired is an error, panic or Goexit with which a function ended, and where it
// has to show up.
type fired struct {
	at      int // the event
	f       *Fn
	how     How
	sinks   []sink // in one of these
	certain bool   // it does show up there
	stray   bool   // there is no telling where it shows up
	gone    bool   // it certainly does not: it is the function's own affair
}

// climb finds where a failure of f, on h, is reported.
func (o *oracle) climb(at int, f *Fn, how How) fired {
	x := fired{at: at, f: f, how: how, certain: true}
	h := f.holder()
	if f.Kind == Body {
		x.sinks = o.sink(x.sinks, o.scopeEnds[f.Scope.ID], "scope", f.Scope.ID)
		return x
	}
	nested := false
	for {
		nested = nested || h.Pool && h.Scope == nil && f.Kind != Release
		switch {
		case h.Scope != nil:
			x.sinks = o.sink(x.sinks, o.scopeEnds[h.Scope.ID], "scope", h.Scope.ID)
			if nested && how != Returned && (Excluded.NestedExit && x.at > o.ends[h.Scope.Body.ID] || o.cancelledBefore(at)) {
				x.certain = false
			}
			return x
		case h.On != nil:
			h = h.On
		default:
			m := h.Res
			if o.memberOwn(m, &x) {
				if nested && how != Returned && o.cancelledBefore(at) {
					x.certain = false
				}
				return x
			}
			h = m.In
		}
	}
}

// memberOwn climbs from the stack of m to what holds it. It reports true where
// the way ends.
func (o *oracle) memberOwn(m *Res, x *fired) (ends bool) {
	release := x.f.Kind == Release
	if Excluded.NestedRelease && release && x.f.holder() != m.Stack && !o.held(m) {
		release = false // it may be part of the failure of the acquisition
	}
	if Excluded.LateStack && x.f.Kind != Release && x.f.Res != m && o.late(m) {
		x.certain, x.stray = false, true
	}
	for _, e := range o.released[m.ID] {
		x.sinks = o.sink(x.sinks, e, "Release of", m.ID)
	}
	switch e := o.entered[m.ID]; {
	case m.In.Res != nil && m.In.Pool && m.In.Res.Kind.race():
		if !release {
			x.certain = false // dropped, if others win
		}
	case m.Optional && !release && x.how == Returned:
		x.certain, x.gone = false, x.f.Kind != Release
		return true
	case m.Optional && !release:
		x.certain = false
	case e >= 0 && !o.good(e):
		x.sinks = o.sink(x.sinks, e, "Enter of", m.ID)
		return true
	}
	return false
}

// cancelledBefore reports whether something was cancelled by then.
func (o *oracle) cancelledBefore(at int) bool {
	return Excluded.LaterCause && slices.ContainsFunc(o.events[:at], func(e Event) bool {
		return e.What == CancelBegin || e.What == CallerCancelled || e.What == FnEnd && (e.Err != nil || e.How != Returned)
	})
}

// late reports whether the acquisition of m may have succeeded too late.
func (o *oracle) late(m *Res) bool {
	return (m.Fn == nil || o.good(o.ends[m.Fn.ID])) && !o.held(m)
}

func (o *oracle) sink(sinks []sink, at int, what string, id int) []sink {
	if at < 0 {
		return sinks
	}
	return append(sinks, sink{at, what, id})
}

// errors checks that what failed is found where it has to be (E2).
func (o *oracle) errors() {
	for i, e := range o.events {
		if e.What != FnEnd || e.Err == nil || e.How == Goexited {
			continue
		}
		f := o.p.Fns[e.ID]
		if f.Kind != Body && f.Kind != Acquire && f.Reg.Late {
			continue // the observer's, or its caller's
		}
		x := o.climb(i, f, e.How)
		leaves(e.Err, func(leaf *Injected, got bool) {
			if got || leaf.Fn < 0 || leaf.What == "caller" || leaf.What == "cancel" || !o.p.Fns[leaf.Fn].inside(f) {
				return // somebody else reports it
			}
			afterBody := o.ends[f.holder().scope().Body.ID] < i
			if f.Kind == Task && o.told[f.ID] >= 0 {
				x.gone = false // it failed in being released, one may say
			}
			if Excluded.NestedExit && f.Kind == Task && afterBody || Excluded.CutRace && o.races() {
				x.gone = false
			}
			if leaf.Fn == f.ID && leaf.What == "error" && x.gone && o.reportedBy(f, leaf) == 1 {
				o.absent(f, leaf)
			}
			if x.certain && !o.tolerated(f, e) {
				o.found(x, leaf)
			}
		})
	}
}

// causes checks that the cause of a Cancel that came before the body ended is in
// the error of the scope (F1, F3).
func (o *oracle) causes() {
	for i, e := range o.events {
		if e.What != CancelEnd || o.p.Holders[e.ID].Scope == nil || o.p.Features.Suppress || o.p.Features.Abandon {
			continue
		}
		s := o.p.Holders[e.ID].Scope
		body, end := o.ends[s.Body.ID], o.scopeEnds[s.ID]
		if i < body && end >= 0 && o.events[end].How != Goexited && !o.raw(s.ID) && !is(o.events[end].Err, e.Err) {
			o.problem("F3: the cause %v is not in the error of scope %d: %v", e.Err, s.ID, o.events[end].Err)
		}
	}
}

// tolerated reports whether a failure of f may be dropped by something that was
// asked for.
func (o *oracle) tolerated(f *Fn, e Event) bool {
	return o.p.Features.Suppress || o.p.Features.Abandon
}

// found checks that one of the sinks holds the leaf.
func (o *oracle) found(x fired, leaf *Injected) {
	for _, s := range x.sinks {
		e := o.events[s.at]
		if x.at > s.at || e.How == Goexited || s.what == "scope" && o.raw(s.id) {
			return // it came too late, or goes to the observer
		}
		if contains(e.Err, leaf) {
			return
		}
		for _, other := range e.Extras {
			if contains(other.Err, leaf) {
				return
			}
		}
	}
	if len(x.sinks) > 0 {
		s := x.sinks[len(x.sinks)-1]
		o.problem("E2: %v is not in the error of the %s %d: %v", leaf, s.what, s.id, o.events[s.at].Err)
	}
}

// raw reports whether the body of the scope ended by a panic or Goexit.
func (o *oracle) raw(scope int) bool {
	end := o.ends[o.p.Scopes[scope].Body.ID]
	return end >= 0 && o.events[end].How != Returned
}

// reportedBy counts the functions that ended with the leaf.
func (o *oracle) reportedBy(f *Fn, leaf *Injected) (n int) {
	for _, e := range o.events {
		if e.What == FnEnd && e.Err != nil && contains(e.Err, leaf) {
			n++
		}
	}
	return n
}

// absent checks that a failure which is a member's own is not reported by the scope
// around it (F7).
func (o *oracle) absent(f *Fn, leaf *Injected) {
	s := f.holder().scope()
	if end := o.scopeEnds[s.ID]; end >= 0 && o.events[end].How == Returned && contains(o.events[end].Err, leaf) {
		o.problem("F7: %v, of an Optional member, is in the error of scope %d", leaf, s.ID)
	}
}

// noise checks that the root reports nothing that only says that the library has
// cancelled something (E3), and nothing that did not happen.
func (o *oracle) noise() {
	root := o.events[o.rootEnd]
	f := o.p.Features
	if !f.Caller && !f.Cancel && !f.Foreign && !f.Timeouts && !f.Grace && !f.Abandon && !f.Early {
		o.quiet(root.Err)
	}
	leaves(root.Err, func(leaf *Injected, _ bool) {
		ok := leaf.What == "cancel" || leaf.What == "caller"
		for _, e := range o.events {
			ok = ok || e.What == FnEnd && contains(e.Err, leaf)
		}
		if !ok {
			o.problem("E2: the root reports %v, which did not happen", leaf)
		}
	})
	if e, ok := root.Err.(*exitpool.ExitError); ok {
		n := len(e.Failures)
		if e.Cause != nil {
			n++
		}
		if n < 2 {
			o.problem("E1: a single error is wrapped: %v", root.Err)
		}
	}
}

// quiet checks an error where nobody but the library cancelled anything. What was
// joined with an error of the program's own is that function's to tell.
func (o *oracle) quiet(err error) {
	if e, ok := err.(*exitpool.ExitError); ok {
		for _, inner := range e.Unwrap() {
			o.quiet(inner)
		}
		return
	}
	for _, noise := range noises {
		if !is(err, noise) || !only(err, noises) || o.fromRelease(noise) {
			continue
		}
		if noise == exitpool.ErrClosed && (o.anyGet(noise) || Excluded.CutRace && o.races()) {
			continue // Get said so to a function, which failed with it
		}
		o.problem("E3: the root reports %v, which nobody caused: %v", noise, err)
	}
}

var noises = []error{errCanceled, exitpool.ErrClosed, exitpool.ErrReleased, exitpool.ErrGrace}

// only reports whether every leaf of err is one of those.
func only(err error, those []error) bool {
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return only(e.Unwrap(), those)
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(err error) bool { return !only(err, those) })
	}
	return slices.Contains(those, err)
}

// fromRelease reports whether a release returned err: then it is an error like any
// other. The code after yield of a ContextManager that came too late does.
func (o *oracle) fromRelease(err error) bool {
	return slices.ContainsFunc(o.events, func(e Event) bool {
		return e.What == FnEnd && o.p.Fns[e.ID].Kind == Release && is(e.Err, err)
	})
}

func (o *oracle) races() bool {
	return slices.ContainsFunc(o.p.Ress, func(r *Res) bool { return r.Kind.race() })
}

func (o *oracle) anyGet(err error) bool {
	return slices.ContainsFunc(o.events, func(e Event) bool { return e.What == GetEnd && is(e.Err, err) })
}

// waits checks that Wait does not return nil if a member could not be acquired (D6).
func (o *oracle) waits() {
	for i, e := range o.events {
		if e.What != WaitEnd || !o.good(i) {
			continue
		}
		for _, r := range o.p.Ress {
			if r.In != o.p.Holders[e.ID] || r.Fn == nil || r.Optional || len(o.released[r.ID]) > 0 || !r.Start {
				continue
			}
			if end := o.ends[r.Fn.ID]; end >= 0 && end < i && !o.good(end) {
				o.problem("D6: Wait returns nil (event %d), and r%d was not acquired", i, r.ID)
			}
		}
	}
}

// callers checks that all callers of Exit get the same (R7, E6).
func (o *oracle) callers() {
	for _, e := range o.events {
		if e.What != ScopeEnd || len(e.Extras) == 0 {
			continue
		}
		hit := 0
		all := append(slices.Clone(e.Extras), End2{e.How, e.Err})
		for _, x := range e.Extras {
			if x.How != Returned {
				hit++
			}
		}
		if e.How == Returned && hit > 0 || hit > 1 {
			o.problem("E6: %d callers of Exit of scope %d are hit", hit, e.ID)
		}
		body := o.events[o.ends[o.p.Scopes[e.ID].Body.ID]]
		if body.Err != nil || e.How != Returned {
			continue // that may be added by its caller
		}
		for _, x := range all {
			if x.Err != e.Err {
				o.problem("R7: callers of Exit of scope %d get different errors: %v; %v", e.ID, e.Err, x.Err)
			}
		}
	}
}
