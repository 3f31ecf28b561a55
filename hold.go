package exitpool

import (
	"context"
)

// hold adds a member that has nothing to acquire: a function that is registered
// on the pool.
func (p *ExitPool) hold(thing any) {
	p.setUp()
	f := &function{entry: entry{thing: thing}}
	m := &f.member
	m.pool = p
	o := p.from()
	m.prepare("Push", f, o.ctx, o, nil)
	m.stack.held = true
	_, asks := thing.(pushFunc)
	m.stack.pushLocked(thing, 0, asks)
	p.mu.Lock()
	m.node.Order = p.nextLocked()
	f.index = m.node.Order
	if p.phase >= drained {
		p.mu.Unlock()
		told := p.late()
		runLate(o, f.entry, told, p.outer())
		return
	}
	m.since = p.now()
	m.state.Store(held)
	p.members.add(m)
	now := p.phase == exiting
	if now {
		m.state.Store(releasing)
	}
	p.mu.Unlock()
	if now {
		p.releases.Add(m)
	}
}

// function is a member that only has a release.
type function struct {
	member
	entry
}

func (f *function) acquire(context.Context, *ExitStack) error { return nil }
func (f *function) label(uint32) string                       { return f.entry.name() }
