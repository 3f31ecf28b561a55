package proptest

import (
	"slices"
	"time"

	"github.com/exitpool/exitpool"
)

// contexts checks what the contexts of releases and resources look like (C1, C2, C3).
func (o *oracle) contexts(obs *observations) {
	for i, e := range o.events {
		if e.What != FnBegin && e.What != FnEnd && e.What != TaskTold {
			continue
		}
		f := o.p.Fns[e.ID]
		if f.Kind != Release && f.Kind != Task || f.Reg.Late {
			continue
		}
		from, may := o.mayCut(f.Reg.On)
		if o.p.Features.Abandon {
			from, may = 0, true // what is abandoned is over
		}
		m := f.Reg.On.Res
		if m != nil && e.Life != nil && o.held(m) && !(may && e.At >= from) {
			o.problem("C2: the lifetime context of r%d ends before #%d has (event %d)", m.ID, f.ID, i)
		}
		lifetime := f.Reg.Kind == Implied && m.Kind == ContextManager
		if f.Kind == Task || e.Ctx == nil || lifetime && !o.held(m) {
			continue
		}
		if !may || e.At < from {
			o.problem("C1: the context of release #%d has ended (event %d)", f.ID, i)
		} else if e.Cause != exitpool.ErrGrace && !lifetime {
			o.problem("C1: the context of release #%d ends with %v", f.ID, e.Cause)
		}
	}
	if o.p.Features.Abandon {
		return
	}
	for _, id := range obs.immortal {
		o.problem("C2: the lifetime context of r%d does not end", id)
	}
}

// mayCut returns from when on the time of a release on h may be over, and whether
// it ever may. Where the bounds count from is known for what was kept.
func (o *oracle) mayCut(h *Holder) (from time.Duration, may bool) {
	after, may := bounded(h)
	if body := h.scope().Body; may && o.ends[body.ID] >= 0 && within(h, o.kept) {
		from = o.events[o.ends[body.ID]].At + after
	}
	return from, may
}

// circles checks that a circle that was reported is one (D3). That none is missed,
// a hang tells.
func (o *oracle) circles() {
	edges := map[*Res][]*Res{}
	for i, e := range o.events {
		if e.What != GetBegin && e.What != GetEnd || e.By < 0 {
			continue
		}
		f := o.p.Fns[e.By]
		user, used := f.member(), o.p.Ress[e.ID]
		a, b := pair(user, used)
		if a == nil {
			continue
		}
		if e.What == GetBegin {
			edges[a] = append(edges[a], b)
		} else if exitErr := e.Err; exitErr != nil && is(exitErr, exitpool.ErrCycle) && !o.p.Features.Circles {
			o.problem("D3: r%d uses r%d in no circle (event %d)", a.ID, b.ID, i)
		} else if exitErr != nil && is(exitErr, exitpool.ErrCycle) && a.In == used.In && !reaches(edges, b, a, nil) && !o.passedCircle(e) {
			o.problem("D3: r%d uses r%d in no circle (event %d)", a.ID, b.ID, i)
		}
	}
}

func reaches(edges map[*Res][]*Res, from, to *Res, seen []*Res) bool {
	if from == to {
		return true
	}
	if slices.Contains(seen, from) {
		return false
	}
	seen = append(seen, from)
	for _, next := range edges[from] {
		if reaches(edges, next, to, seen) {
			return true
		}
	}
	return false
}

// passedCircle reports whether the error of a Get is the dependency's own.
func (o *oracle) passedCircle(e Event) bool {
	passed := false
	leaves(e.Err, func(leaf *Injected, _ bool) { passed = passed || leaf.What == "circle" })
	return passed
}

// shares checks that a pool keeps to its Limit (B1): of the acquisitions those that
// sleep hold their share, of the releases those that run.
func (o *oracle) shares() {
	if !o.p.Features.Limit || o.p.Features.Abandon {
		return
	}
	acquiring, releasing, cut := map[*Holder]int64{}, map[*Holder]map[*Res]int{}, map[*Res]bool{}
	for i, e := range o.events {
		switch e.What {
		case BusyBegin, BusyEnd:
			r := o.p.Fns[e.ID].Res
			if !r.In.Pool || r.In.limit() == 0 || makesPool(r.Fn) {
				continue
			}
			if e.What == BusyEnd {
				if !cut[r] {
					acquiring[r.In] -= r.Weight
				}
			} else if cut[r] = e.Ctx != nil; cut[r] {
				// Where it was cut off in Get it does not wait for its share again.
			} else if acquiring[r.In] += r.Weight; acquiring[r.In] > r.In.limit() {
				o.problem("B1: acquisitions of %d in holder %d, the limit is %d (event %d)", acquiring[r.In], r.In.ID, r.In.limit(), i)
			}
		case FnBegin, FnEnd:
			f := o.p.Fns[e.ID]
			if f.Kind != Release || f.Reg.On.Res == nil || f.Reg.Late {
				continue
			}
			r := f.Reg.On.Res
			if !r.In.Pool || r.In.limit() == 0 || !o.kept(r) {
				continue
			}
			if releasing[r.In] == nil {
				releasing[r.In] = map[*Res]int{}
			}
			if e.What == FnEnd {
				delete(releasing[r.In], r)
				continue
			}
			releasing[r.In][r]++
			var sum int64
			for m := range releasing[r.In] {
				sum += m.Weight
			}
			if sum > r.In.limit() {
				o.problem("B1: releases of %d in holder %d, the limit is %d (event %d)", sum, r.In.ID, r.In.limit(), i)
			}
		}
	}
}

// limit returns the Limit of a pool: its own, or that of what holds it (B6).
func (h *Holder) limit() int64 {
	for {
		switch {
		case h.Opts.Limit > 0:
			return h.Opts.Limit
		case h.On != nil:
			h = h.On
		case h.Res != nil && h.Pool:
			h = h.Res.Stack
		case h.Res != nil:
			h = h.Res.In
		default:
			return 0
		}
	}
}

// makesPool reports whether something beside f may wait on behalf of its member.
func makesPool(f *Fn) bool {
	return slices.ContainsFunc(f.Steps, func(s Step) bool { return s.Op == OpPool || s.Op == OpEnter })
}
