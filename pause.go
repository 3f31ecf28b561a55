package exitpool

import (
	"context"
	"slices"
)

// waitFor waits until ready is closed. Meanwhile the members from caller up to, but
// without, end give their shares back and let their clocks stand still.
func waitFor(ctx context.Context, ready <-chan struct{}, caller, end, got *member, foreign bool) error {
	for m := caller; m != nil && m != end; m = m.outer() {
		m.pause(got)
		defer m.resume(got)
		if m.pool != nil && foreign {
			m.pool.foreign.Store(true)
		}
	}
	if caller != nil && got.pool.foreign.Load() {
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

// waitCircle looks for a way from got back to caller, along who waits for whom, if
// members of pools without a common one wait for each other: no graph has their
// edges. It goes from pool to pool, one lock at a time; the wait of caller is
// recorded already, so of two that close a circle at once at least one finds it.
func waitCircle(caller, got *member) []*member {
	around := map[*member]bool{}
	for m := caller; m != nil; m = m.outer() {
		around[m] = true
	}
	seen := map[*member]bool{}
	for todo := []*member{got}; len(todo) > 0; {
		m := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if around[m] {
			return []*member{caller, got, m}
		}
		m.pool.mu.Lock()
		if m.more != nil && m.state.Load() < held && !seen[m] {
			seen[m] = true
			todo = append(todo, m.more.waits...)
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
