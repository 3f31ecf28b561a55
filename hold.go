package exitpool

import (
	"context"
)

// hold adds a member that has nothing to acquire: a function that is registered
// on the pool.
func (p *ExitPool) hold(thing any) {
	p.setUp()
	if _, asks := thing.(pushFunc); !asks && p.from().opts.observer == nil {
		p.mu.Lock()
		if p.phase == open {
			p.holdLocked(thing)
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
	}
	f := p.newFunction(thing)
	m := &f.member
	p.mu.Lock()
	m.node.Order = p.nextLocked()
	f.index = m.node.Order
	if p.phase >= drained {
		p.mu.Unlock()
		told := p.late()
		runLate(p.from(), f.entry, told, p.outer())
		return
	}
	m.since = p.now()
	m.state.Store(held)
	p.members.add(m)
	if p.phase == exiting {
		m.state.Store(releasing)
		p.releases.AddUnlock(m)
		return
	}
	p.mu.Unlock()
}

// function is a member that only has a release.
type function struct {
	member
	entry
}

func (p *ExitPool) newFunction(thing any) *function {
	f := &function{entry: entry{thing: thing}}
	m := &f.member
	m.pool = p
	o := p.from()
	m.prepare("Push", f, &o.ctx, o, nil)
	f.acquire(m, &m.stack)
	return f
}

// acquire registers the function. Nobody else knows the stack yet.
func (f *function) acquire(_ context.Context, s *ExitStack) error {
	_, asks := f.thing.(pushFunc)
	s.pushLocked(f.thing, 0, asks)
	return nil
}

func (f *function) label(uint32) string { return f.entry.name() }
