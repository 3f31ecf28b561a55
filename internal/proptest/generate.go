package proptest

import (
	"time"

	"pgregory.net/rapid"
)

// Programs generates programs. To replay one, Programs.Example(seed) and a
// rapid.Check with -rapid.seed=seed -rapid.checks=1 both make the same.
var Programs = rapid.Custom(func(t *rapid.T) *Program {
	g := &generator{t: t, p: new(Program)}
	g.p.Features = features(t)
	g.budget = 4 + upTo(t, 36)
	g.faults = upTo(t, 3)
	g.p.Root = g.scope(nil, nil, 0)
	g.timeline()
	g.p.lateness()
	return g.p
})

// A generator makes one program. Its methods draw in a fixed order, so that the
// program is a function of what is drawn, and shrinks with it.
type generator struct {
	t      *rapid.T
	p      *Program
	budget int // functions that may still be made
	faults int // that may still be injected
}

func (g *generator) is(feature bool, n int) bool { return feature && oneIn(g.t, n) }

// spend takes n from the budget if it is there.
func (g *generator) spend(n int) bool {
	if g.budget < n {
		return false
	}
	g.budget -= n
	return true
}

func (g *generator) fn(kind FnKind, by *Fn) *Fn {
	f := &Fn{ID: len(g.p.Fns), Kind: kind, By: by}
	g.p.Fns = append(g.p.Fns, f)
	return f
}

func (g *generator) holder(pool bool) *Holder {
	h := &Holder{ID: len(g.p.Holders), Pool: pool, Opts: noOpts}
	g.p.Holders = append(g.p.Holders, h)
	return h
}

var noOpts = ScopeOpts{Grace: -1, Abandon: -1}

func (g *generator) latency() time.Duration {
	return time.Duration(upTo(g.t, 7)) * time.Millisecond
}

func (g *generator) opts() ScopeOpts {
	o := noOpts
	f := g.p.Features
	if g.is(f.Limit, 2) {
		o.Limit = int64(1 + upTo(g.t, 2))
	}
	if g.is(f.Grace, 2) {
		o.Grace = g.latency()
	}
	if g.is(f.Abandon, 2) {
		o.Abandon = time.Millisecond + g.latency() // Abandon(0) is not defined
	}
	return o
}

// end draws how f ends, and which error it is.
func (g *generator) end(f *Fn) {
	feat := g.p.Features
	switch {
	case g.faults > 0 && g.is(feat.Errors, 5):
		f.End = Fails
	case g.faults > 0 && g.is(feat.Panics, 8):
		f.End = Panics
	case g.faults > 0 && g.is(feat.Goexits, 8):
		f.End = Exits
	case g.faults > 0 && g.is(feat.Foreign, 6):
		f.End = Foreign
	case f.Kind == Release && f.Reg.Kind == Push && g.is(feat.Suppress, 2):
		f.End = Suppresses
		return
	case f.Kind == Release && f.Reg.Kind == Push && oneIn(g.t, 3):
		f.End = ReturnTold
		return
	default:
		return
	}
	g.faults--
}

func (g *generator) step(f *Fn, s Step) { f.Steps = append(f.Steps, s) }

// sleep makes f take some time, or none.
func (g *generator) sleep(f *Fn) {
	if d := g.latency(); d > 0 {
		stubborn := f.Kind != Task && oneIn(g.t, 4)
		g.step(f, Step{Op: OpSleep, D: d, Stubborn: stubborn || f.Kind == Task})
	}
}

// scope makes a call of a scope, from by. What is in vis may be got inside it.
func (g *generator) scope(by *Fn, vis []*Res, depth int) *Scope {
	s := &Scope{ID: len(g.p.Scopes), Kind: ScopeKind(upTo(g.t, int(Use))), Opts: g.opts(), By: by}
	g.p.Scopes = append(g.p.Scopes, s)
	s.Holder = g.holder(s.Kind.pool())
	s.Holder.Scope, s.Holder.Opts = s, s.Opts
	g.budget--
	if s.Kind == Use {
		s.Res = g.res(s.Holder, by, vis, depth+1, false)
		vis = append(vis[:len(vis):len(vis)], s.Res.Exposed...)
	}
	s.Body = g.fn(Body, by)
	s.Body.Scope = s
	if s.Kind == Use {
		g.sleep(s.Body)
	} else {
		g.script(s.Body, vis, depth)
	}
	g.end(s.Body)
	if s.Kind.open() && g.is(g.p.Features.Exits, 2) {
		s.Exits = 1 + upTo(g.t, 2)
	}
	if s.Kind.open() && g.is(g.p.Features.Late, 2) {
		s.Late = append(s.Late, g.reg(s.Holder, s.Body, RegKind(upTo(g.t, int(Close))), depth+1))
	}
	return s
}

// script fills a function that has a stack or a pool of its own.
func (g *generator) script(f *Fn, vis []*Res, depth int) {
	h := f.holder()
	outer := vis // what f itself makes would close a circle for its siblings
	vis = vis[:len(vis):len(vis)]
	repeat(g.t, 5, func() {
		switch what := upTo(g.t, 9); {
		case what <= 1:
			g.sleep(f)
		case what <= 3:
			g.register(f, h, depth)
		case what <= 5 && h.Pool:
			vis = append(vis, g.block(f, h, vis, depth)...)
		case what == 4 && g.budget > 2 && depth < 5:
			g.enter(f, h, &vis, depth)
		case what == 5 && g.budget > 2 && depth < 5:
			g.poolOn(f, h, &vis, depth)
		case what == 6 && g.budget > 2 && depth < 4:
			g.step(f, Step{Op: OpScope, Scope: g.scope(f, vis, depth+1), Swallow: oneIn(g.t, 4)})
		case what == 7 && f.Kind == Acquire && len(vis) > 0:
			g.get(f, vis)
		case what == 8 && f.Kind == Acquire && f.Res.Start && g.budget > 1:
			g.startBeside(f, outer, depth)
		case what == 9:
			g.disturb(f, h)
		}
	})
}

func (g *generator) get(f *Fn, vis []*Res) {
	g.step(f, Step{Op: OpGet, Res: vis[upTo(g.t, len(vis)-1)], Swallow: oneIn(g.t, 4)})
}

func (g *generator) enter(f *Fn, h *Holder, vis *[]*Res, depth int) {
	r := g.res(h, f, *vis, depth+1, false)
	g.step(f, Step{Op: OpEnter, Res: r, Swallow: oneIn(g.t, 4)})
	*vis = append(*vis, r.Exposed...)
}

// poolOn makes a pool on a stack, with members. The members of the pools that are
// newer may get them, and whoever gets into the member around it from outside.
func (g *generator) poolOn(f *Fn, h *Holder, vis *[]*Res, depth int) {
	p := g.holder(true)
	p.On, p.Opts = h, g.opts()
	g.step(f, Step{Op: OpPool, Holder: p})
	members := g.block(f, p, *vis, depth)
	*vis = append(*vis, members...)
	if f.Kind == Acquire {
		f.Res.Exposed = append(f.Res.Exposed, members...)
	}
}

// startBeside makes an acquisition start a sibling, and perhaps get it.
func (g *generator) startBeside(f *Fn, vis []*Res, depth int) {
	r := g.res(f.Res.In, f, vis, depth+1, true)
	g.step(f, Step{Op: OpStart, Res: r})
	if oneIn(g.t, 2) {
		g.step(f, Step{Op: OpGet, Res: r})
	}
}

// disturb makes f end something early.
func (g *generator) disturb(f *Fn, h *Holder) {
	switch {
	case f.Kind == Body && !h.Pool && g.p.Features.clean() && g.is(g.p.Features.PopAll, 2):
		// Only where nothing fails: what was moved no longer forces this scope.
		g.step(f, Step{Op: OpPopAll, Holder: h})
	case g.is(g.p.Features.Cancel, 2):
		g.step(f, Step{Op: OpCancel, Holder: h})
	case g.is(g.p.Features.Caller, 2):
		g.step(f, Step{Op: OpCaller})
	}
}
