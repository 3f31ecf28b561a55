package proptest

import "slices"

// once checks that every release runs once, and no task that must not (R1, R6).
func (o *oracle) once() {
	for _, r := range o.p.Regs {
		runs, done := o.runs[r.Fn.ID], o.registered[r.ID] >= 0
		switch {
		case r.Kind == Go && r.By.Kind == Release:
			if runs > 0 {
				o.problem("R6: task #%d was started, registered by a release", r.Fn.ID)
			}
		case r.Kind == Go:
			if done && runs != 1 {
				o.problem("R1: task #%d was started %d times", r.Fn.ID, runs)
			}
		case done && runs != 1, runs > 1, runs > 0 && o.registering[r.ID] < 0:
			o.problem("R1: release #%d ran %d times", r.Fn.ID, runs)
		}
	}
	for _, f := range o.p.Fns {
		if o.runs[f.ID] > 1 {
			o.problem("R1: %s #%d ran %d times", fnNames[f.Kind], f.ID, o.runs[f.ID])
		}
		if o.begins[f.ID] >= 0 && o.ends[f.ID] < 0 {
			o.problem("R8: %s #%d did not end", fnNames[f.Kind], f.ID)
		}
	}
}

// inTime checks that nothing goes on when the call that waits for it has returned
// (R2, R3, R7, R8, R12). After Abandon it may.
func (o *oracle) inTime() {
	if o.p.Features.Abandon {
		return
	}
	for _, f := range o.p.Fns {
		if o.begins[f.ID] < 0 || f.Kind == Body {
			continue
		}
		h := f.holder()
		if f.Kind == Acquire {
			h = f.Res.In
		} else if f.Reg.Late {
			if o.ends[f.ID] > o.registered[f.Reg.ID] && o.registered[f.Reg.ID] >= 0 {
				o.problem("R6: release #%d did not run at once", f.ID)
			}
			continue
		}
		end, what := o.scopeEnds[h.scope().ID], "R7: %s #%d goes on after the end of scope %d"
		if end >= 0 && o.ends[f.ID] > end {
			o.problem(what, fnNames[f.Kind], f.ID, h.scope().ID)
		}
		within(f.holder(), func(m *Res) bool {
			if e := o.entered[m.ID]; e >= 0 && !o.good(e) && o.ends[f.ID] > e {
				o.problem("R3: %s #%d goes on after Enter of r%d has failed", fnNames[f.Kind], f.ID, m.ID)
			}
			for _, e := range o.released[m.ID] {
				if o.ends[f.ID] > e {
					o.problem("R10: %s #%d goes on after the Release of r%d", fnNames[f.Kind], f.ID, m.ID)
				}
			}
			return true
		})
	}
}

// A span is when something on a stack is released: the indices of events.
type span struct {
	made, begin, end int
	what             int // the function that began first
}

// releases returns when the release of f, or the end of a task, begins and ends.
func (o *oracle) releases(f *Fn) (begin, end int) {
	switch {
	case o.begins[f.ID] < 0:
		return -1, -1
	case f.Kind == Task:
		if _, may := bounded(f.Reg.On); may {
			return -1, o.ends[f.ID] // it may be told early
		}
		return o.told[f.ID], o.ends[f.ID]
	default:
		return o.begins[f.ID], o.ends[f.ID]
	}
}

// cover makes s cover the release of everything that is inside in terms of ok, and
// was certainly held until then.
func (o *oracle) cover(s *span, ok func(h *Holder) bool) {
	for _, r := range o.p.Regs {
		if r.Late || !ok(r.On) || o.registered[r.ID] < 0 {
			continue
		}
		begin, end := o.releases(r.Fn)
		if begin >= 0 && (s.begin < 0 || begin < s.begin) {
			s.begin, s.what = begin, r.Fn.ID
		}
		s.end = max(s.end, end)
	}
}

// lifo checks the order of each stack (R4, C4).
func (o *oracle) lifo() {
	if o.p.Features.Abandon {
		return
	}
	for _, h := range o.p.Holders {
		if h.Pool {
			continue
		}
		spans := o.onStack(h)
		for _, b := range spans {
			for _, a := range spans {
				if a.made < b.made && b.made < a.begin && b.end > a.begin {
					o.problem("R4: on stack %d #%d is released before what is newer, #%d", h.ID, a.what, b.what)
				}
			}
		}
	}
}

// onStack lists what was put on a stack by those who do it one after another: its
// body or acquisition, and its releases.
func (o *oracle) onStack(h *Holder) (spans []span) {
	add := func(made int, ok func(*Holder) bool) {
		s := span{made, -1, -1, -1}
		if o.cover(&s, ok); made >= 0 && s.end >= 0 {
			spans = append(spans, s)
		}
	}
	for _, r := range o.p.Regs {
		if r.On != h || r.Late || r.By.Kind == Task || o.registered[r.ID] < 0 {
			continue
		}
		if r.By.Kind == Release && o.p.Features.PopAll {
			continue // the release may be on another stack by now
		}
		s := span{o.registered[r.ID], -1, -1, r.Fn.ID}
		if s.begin, s.end = o.releases(r.Fn); s.end >= 0 {
			spans = append(spans, s)
		}
	}
	for _, r := range o.p.Ress {
		if r.In == h && o.kept(r) {
			add(o.entered[r.ID], func(on *Holder) bool { return o.keptUpTo(on, r) })
		}
	}
	for _, p := range o.p.Holders {
		if p.On == h {
			add(o.made[p.ID], func(on *Holder) bool {
				for _, m := range o.p.Ress {
					if m.In == p && o.kept(m) && o.keptUpTo(on, m) {
						return true
					}
				}
				return false
			})
		}
	}
	return slices.Clip(spans)
}

// keptUpTo reports whether h is inside r, and all between was kept.
func (o *oracle) keptUpTo(h *Holder, r *Res) bool {
	found := false
	return within(h, func(m *Res) bool {
		found = found || m == r
		return found || o.kept(m)
	}) && found
}

// around reports whether f runs inside r, also in scopes that r's functions call.
func around(f *Fn, r *Res) bool {
	for f != nil {
		h := f.holder()
		for m := h.member(); m != nil; m = h.member() {
			if m == r {
				return true
			}
			h = m.In
		}
		f = h.scope().By
	}
	return false
}

// dependencies checks that what is used is released after its users (D1, D7).
func (o *oracle) dependencies() {
	if o.p.Features.Abandon {
		return
	}
	for i, e := range o.events {
		if e.What != GetEnd || e.Err != nil || e.By < 0 {
			continue
		}
		used := o.p.Ress[e.ID]
		a, b := pair(o.p.Fns[e.By].member(), used)
		if a == nil || a == b || b != used && !o.held(b) {
			continue // no edge; or what is used is inside what has failed and is undone at once (R3)
		}
		s := span{i, -1, -1, -1}
		o.cover(&s, func(h *Holder) bool { return o.keptUpTo(h, b) })
		if s.begin < 0 {
			continue
		}
		for _, f := range o.p.Fns {
			if around(f, a) && o.begins[f.ID] >= 0 && o.begins[f.ID] < s.begin && o.ends[f.ID] > s.begin ||
				around(f, a) && f.Kind == Release && !f.Reg.Late && o.begins[f.ID] > s.begin {
				o.problem("D1: r%d is released (#%d) under its user r%d (%s #%d)", b.ID, s.what, a.ID, fnNames[f.Kind], f.ID)
			}
		}
	}
}

// bodies checks that nothing is released under a running body (F5).
func (o *oracle) bodies() {
	for _, r := range o.p.Regs {
		begin, _ := o.releases(r.Fn)
		if begin < 0 || !within(r.On, o.kept) {
			continue
		}
		if body := r.On.scope().Body; o.begins[body.ID] >= 0 && begin < o.ends[body.ID] {
			o.problem("F5: #%d is released under the running body #%d", r.Fn.ID, body.ID)
		}
	}
}
