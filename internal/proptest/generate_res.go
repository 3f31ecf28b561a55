package proptest

import (
	"strconv"
	"time"
)

// res makes a resource that is entered on, or started in, in. It may get what is in
// vis: that, and only that, is older, so no two wait for each other.
func (g *generator) res(in *Holder, by *Fn, vis []*Res, depth int, start bool) *Res {
	r := &Res{ID: len(g.p.Ress), In: in, By: by, Start: start, Weight: 1, Acquire: -1, Release: -1}
	g.p.Ress = append(g.p.Ress, r)
	r.Stack = g.holder(false)
	r.Stack.Res = r
	if g.budget > 3 && depth < 5 {
		r.Kind = ResKind(max(0, upTo(g.t, 2*int(Quorum))-int(Quorum)))
	}
	g.resOptions(r)
	g.budget--
	if r.Kind.many() {
		g.kids(r, vis, depth)
		return r
	}
	r.Fn = g.fn(Acquire, by)
	r.Fn.Res = r
	switch r.Kind {
	case Plain:
		g.script(r.Fn, vis, depth)
	default: // it has no stack of its own
		g.sleep(r.Fn)
		if len(vis) > 0 && oneIn(g.t, 2) {
			g.get(r.Fn, vis)
		}
		r.Reg = g.reg(r.Stack, r.Fn, Implied, depth+1)
	}
	g.end(r.Fn)
	return r
}

func (g *generator) resOptions(r *Res) {
	f := g.p.Features
	if oneIn(g.t, 3) {
		r.Name = "r" + strconv.Itoa(r.ID)
	}
	if g.is(f.Limit && r.In.Pool, 4) {
		r.Weight = int64(1 + upTo(g.t, 1))
	}
	if g.is(f.Timeouts, 4) {
		r.Acquire = time.Millisecond + g.latency()
	}
	if g.is(f.Timeouts, 4) {
		r.Release = g.latency()
	}
	if g.is(f.Optional && r.Start, 3) {
		r.Optional = true
	}
}

// kids makes the resources of a Gather, Race or Quorum. The kids of a race are
// simple in a clean program: who wins must be known.
func (g *generator) kids(r *Res, vis []*Res, depth int) {
	r.KidPool = g.holder(true)
	r.KidPool.Res = r
	kid := func() {
		var kid *Res
		if r.Kind.race() && !g.p.Features.Races {
			kid = g.simple(r.KidPool, r.By)
		} else {
			kid = g.res(r.KidPool, r.By, vis, depth+1, false)
		}
		r.Kids = append(r.Kids, kid)
		kid.Name, kid.Weight, kid.Acquire, kid.Release, kid.Optional = "", 1, -1, -1, false // kids have no options
	}
	if r.Kind.race() {
		kid()
	}
	repeat(g.t, 3, kid)
	if r.Kind == Quorum {
		r.N = 1 + upTo(g.t, len(r.Kids)-1)
	} else if r.Kind == Race {
		r.N = 1
	}
}

// simple makes a resource that takes some time, and has something to release.
func (g *generator) simple(in *Holder, by *Fn) *Res {
	r := &Res{ID: len(g.p.Ress), In: in, By: by, Weight: 1, Acquire: -1, Release: -1}
	g.p.Ress = append(g.p.Ress, r)
	r.Stack = g.holder(false)
	r.Stack.Res = r
	r.Fn = g.fn(Acquire, by)
	r.Fn.Res = r
	reg := g.reg(r.Stack, r.Fn, Defer, 99)
	g.step(r.Fn, Step{Op: OpRegister, Reg: reg})
	g.step(r.Fn, Step{Op: OpSleep, D: g.latency() + time.Millisecond})
	return r
}

// block makes f start members in pool and wait for them. They are made in the order
// in which they may get each other, and started in any.
func (g *generator) block(f *Fn, pool *Holder, vis []*Res, depth int) (members []*Res) {
	vis = vis[:len(vis):len(vis)]
	repeat(g.t, 5, func() {
		if depth > 5 || !g.spend(1) {
			return
		}
		r := g.res(pool, f, vis, depth+1, true)
		members = append(members, r)
		vis = append(vis, r)
		vis = append(vis, r.Exposed...)
	})
	g.circle(members)
	for _, i := range order(g.t, len(members)) {
		g.step(f, Step{Op: OpStart, Res: members[i]})
		if oneIn(g.t, 6) {
			g.sleep(f)
		}
	}
	if len(members) > 0 && oneIn(g.t, 4) {
		g.step(f, Step{Op: OpGet, Res: members[upTo(g.t, len(members)-1)], Swallow: oneIn(g.t, 4)})
	}
	if !g.is(g.p.Features.Impatient, 2) {
		g.step(f, Step{Op: OpWait, Holder: pool, Swallow: oneIn(g.t, 4)})
	}
	if len(members) > 0 && g.is(g.p.Features.Early, 2) {
		if oneIn(g.t, 2) {
			g.sleep(f)
		}
		g.step(f, Step{Op: OpRelease, Res: members[upTo(g.t, len(members)-1)], Swallow: oneIn(g.t, 2)})
	}
	return members
}

// circle has a member get any other one, or itself, at the end of its acquisition.
func (g *generator) circle(members []*Res) {
	if len(members) == 0 || !g.p.Features.Circles {
		return
	}
	for range 1 + upTo(g.t, 2) {
		from, to := members[upTo(g.t, len(members)-1)], members[upTo(g.t, len(members)-1)]
		if from.Fn != nil {
			g.get(from.Fn, []*Res{to})
		}
	}
}

// register makes f register something on h.
func (g *generator) register(f *Fn, h *Holder, depth int) {
	last := Go
	if h.Pool {
		last = Close
	}
	if g.spend(1) {
		r := g.reg(h, f, RegKind(upTo(g.t, int(last))), depth+1)
		g.step(f, Step{Op: OpRegister, Reg: r})
	}
}

func (g *generator) reg(on *Holder, by *Fn, kind RegKind, depth int) *Reg {
	r := &Reg{ID: len(g.p.Regs), Kind: kind, On: on, By: by}
	g.p.Regs = append(g.p.Regs, r)
	if kind == Go {
		r.Fn = g.fn(Task, by)
		r.Fn.Reg = r
		g.task(r.Fn)
		return r
	}
	r.Fn = g.fn(Release, by)
	r.Fn.Reg = r
	g.sleep(r.Fn)
	if kind != Implied && depth < 6 && oneIn(g.t, 8) { // registered during Exit
		g.register(r.Fn, on, depth+1)
	}
	if depth < 4 && g.budget > 4 && oneIn(g.t, 10) {
		g.step(r.Fn, Step{Op: OpScope, Scope: g.scope(r.Fn, nil, depth+2), Swallow: oneIn(g.t, 4)})
	}
	g.end(r.Fn)
	return r
}

// task makes a task: one that serves until it is told to end, or a job that ends
// by itself.
func (g *generator) task(f *Fn) {
	if oneIn(g.t, 4) {
		g.sleep(f)
	} else {
		g.step(f, Step{Op: OpServe})
		if oneIn(g.t, 2) {
			g.sleep(f)
		}
	}
	g.end(f)
	if f.End != Returns && oneIn(g.t, 2) { // it dies early
		f.Steps = nil
		g.sleep(f)
	}
	if g.is(g.p.Features.Cancel, 4) {
		g.step(f, Step{Op: OpCancel, Holder: f.Reg.On})
	}
}

// timeline draws what happens beside the program.
func (g *generator) timeline() {
	at := func() time.Duration { return time.Duration(upTo(g.t, 31)) * time.Millisecond }
	f := g.p.Features
	if g.is(f.Caller, 2) {
		g.p.Timeline = append(g.p.Timeline, Timed{at(), Step{Op: OpCaller}})
	}
	if g.is(f.Cancel, 2) {
		s := g.p.Scopes[upTo(g.t, len(g.p.Scopes)-1)]
		if s.Kind != Use {
			g.p.Timeline = append(g.p.Timeline, Timed{at(), Step{Op: OpCancel, Holder: s.Holder}})
		}
	}
	for range 3 {
		if len(g.p.Ress) == 0 || !g.is(f.Early, 2) {
			continue
		}
		if r := g.p.Ress[upTo(g.t, len(g.p.Ress)-1)]; r.Start {
			g.p.Timeline = append(g.p.Timeline, Timed{at(), Step{Op: OpRelease, Res: r}})
		}
	}
}

// lateness marks what is registered after Exit, also by what is.
func (p *Program) lateness() {
	for _, s := range p.Scopes {
		for _, r := range s.Late {
			r.Late = true
		}
	}
	for _, r := range p.Regs { // older ones first
		r.Late = r.Late || r.By.Kind == Release && r.By.Reg.Late && r.By.Reg.On == r.On
	}
}
