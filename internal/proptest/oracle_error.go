package proptest

import (
	"errors"
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
	for {
		switch {
		case h.Scope != nil:
			x.sinks = o.sink(x.sinks, o.scopeEnds[h.Scope.ID], "scope", h.Scope.ID)
			return x
		case h.On != nil:
			h = h.On
		default:
			m := h.Res
			if o.memberOwn(m, &x) {
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
			if f.Kind == Task && o.told[f.ID] >= 0 {
				x.gone = false // it failed in being released, one may say
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
