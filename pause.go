package exitpool

import (
	"context"
	"slices"
)

// waitFor waits until ready is closed. Meanwhile the members from caller up to, but
// without, end give their shares back and let their clocks stand still. foreign says
// that the edge is in no graph.
func waitFor(ctx context.Context, ready <-chan struct{}, caller, end, got *member, foreign bool) error {
	for m := caller; m != nil && m != end; m = m.outer() {
		m.pause(got)
		defer m.resume(got)
	}
	if foreign {
		caller.entangle() // a circle comes back: those around got wait elsewhere, too
	}
	if caller.entangled() {
		if circle := waitCircle(caller, got); circle != nil {
			return circleError(circle)
		}
	}
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-ready:
		return nil // both: what is there counts
	default:
		return interrupted(ctx)
	}
}

// entangle notes that circles may lead out of the pools around m.
func (m *member) entangle() {
	for ; m != nil; m = m.outer() {
		if m.pool != nil {
			m.pool.foreign.Store(true)
		}
	}
}

// entangled looks at all the pools around m: the way back to it may leave and enter
// through each of them.
func (m *member) entangled() bool {
	for ; m != nil; m = m.outer() {
		if m.pool != nil && m.pool.foreign.Load() {
			return true
		}
	}
	return false
}

// waitCircle looks for a way from got back to caller, along who waits for whom, where
// no one graph has all the edges. It goes from pool to pool, one lock at a time; the
// wait of caller is recorded already, so of two that close a circle at once at least
// one finds it.
func waitCircle(caller, got *member) (circle []*member) {
	around := map[*member]bool{}
	for m := caller; m != nil; m = m.outer() {
		around[m] = true
	}
	from := map[*member]*member{got: caller}
	for todo := []*member{got}; len(todo) > 0; {
		m := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if around[m] {
			for circle = []*member{m}; m != got; circle = append(circle, m) {
				m = from[m]
			}
			slices.Reverse(circle)
			return append([]*member{caller}, circle...)
		}
		m.pool.mu.Lock()
		if m.more != nil && m.state.Load() < held {
			for _, next := range m.more.waits {
				if from[next] == nil {
					from[next] = m
					todo = append(todo, next)
				}
			}
		}
		m.pool.mu.Unlock()
	}
	return nil
}

func (m *member) pause(got *member) {
	m.opts.clock.pause()
	p := m.pool
	if p == nil {
		return
	}
	p.mu.Lock()
	more := m.moreLocked()
	more.waits = append(more.waits, got)
	p.mu.Unlock()
	p.limit.giveBack(m) // the first that waits has it; for the others there is none
}

func (m *member) resume(got *member) {
	defer m.opts.clock.resume(m)
	p := m.pool
	if p == nil {
		return
	}
	p.mu.Lock()
	i := slices.Index(m.more.waits, got)
	m.more.waits = slices.Delete(m.more.waits, i, i+1)
	p.mu.Unlock()
	p.limit.readmit(m)
}
