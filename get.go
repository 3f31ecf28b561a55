package exitpool

import (
	"cmp"
	"context"
	"fmt"

	"github.com/exitpool/exitpool/internal/depend"
)

// This file is about members that wait for each other: who uses whom, and what is
// let go meanwhile.

// insideKey is the key under which the contexts inside a member have that member.
type insideKey struct{}

func insideOf(ctx context.Context) *member {
	m, _ := ctx.Value(insideKey{}).(*member)
	return m
}

// outer returns the member inside which m is; nil if it is in none.
func (m *member) outer() *member {
	if m.pool != nil {
		return m.pool.outer()
	}
	if !m.isHeld() { // Enter may have been given the context of another member
		if caller, ok := m.Context.Value(insideKey{}).(*member); ok {
			return caller
		}
	}
	return m.in.Load().outer()
}

// pair finds, for a caller inside one member that gets another, the two members
// of one pool between which the edge lies: nesting counts (D7).
func pair(caller, got *member) (user, used *member) {
	for a := caller; a != nil; a = a.outer() {
		if a.pool == nil {
			continue
		}
		for b := got; b != nil; b = b.outer() {
			if b.pool == a.pool {
				return a, b
			}
		}
	}
	return nil, nil
}

// get waits until m is held, on behalf of whoever ctx belongs to.
func (m *member) get(ctx context.Context) error {
	caller := insideOf(ctx)
	user, used := pair(caller, m)
	var end *member // up to which the members around the caller wait too
	switch {
	case user == nil: // what is got is outside all of them
	case user == used && used != m: // both are inside it: no edge, and it does not wait
		end, user = user, nil
	default:
		end = user.outer()
		if used == m {
			break // below
		}
		user.pool.mu.Lock()
		err := user.pool.useLocked(user, used, m)
		user.pool.mu.Unlock()
		if err != nil {
			return err
		}
	}
	p := m.pool
	p.mu.Lock()
	if used == m {
		if err := p.useLocked(user, used, m); err != nil {
			p.mu.Unlock()
			return err
		}
	}
	if m.state.Load() < held {
		if m.ready == nil {
			m.ready = make(chan struct{})
		}
		ready := m.ready
		p.mu.Unlock()
		if err := waitFor(ctx, ready, caller, end, m, user == nil); err != nil {
			return err
		}
		p.mu.Lock()
	}
	err := m.errLocked()
	if err != nil && user != nil && used == m {
		user.excuseLocked(m, err)
	}
	if err == nil && caller != nil && (user == nil || used != m) {
		more := m.moreLocked()
		if more.guests == nil {
			more.guests = map[*member]struct{}{}
		}
		more.guests[caller] = struct{}{}
	}
	p.mu.Unlock()
	if err == nil && caller != nil && (user == nil || used != m) {
		caller.visits(m)
	}
	return err
}

// errLocked returns why a member that has been settled cannot be got.
func (m *member) errLocked() error {
	switch state := m.state.Load(); {
	case m.early:
		return ErrReleased
	case m.more != nil && m.more.err != nil:
		return m.more.err
	case state != held:
		return ErrClosed
	}
	return nil
}

// useLocked records that user uses used, because of got, which is that or inside it.
func (p *ExitPool) useLocked(user, used, got *member) error {
	switch state := used.state.Load(); {
	case used != got && (state > held || state == undoing):
		// got may still be held, but nothing can keep it any more.
		err := cmp.Or(used.errLocked(), ErrClosed)
		user.excuseLocked(used, err)
		return err
	case state > held || user.state.Load() >= gone:
		return nil // there is nothing left to order; get tells why
	}
	if circle := depend.Use(&p.graph, user, used); circle != nil {
		return circleError(circle)
	}
	return nil
}

// excuseLocked notes that m may fail because of err, the error of one that it uses. If
// that one reports it, m need not (D4). Both are members of one pool.
func (m *member) excuseLocked(used *member, err error) {
	if same(err, ErrReleased) || used.optional() || used.doomed {
		return
	}
	more := m.moreLocked()
	more.blamed = append(more.blamed, err)
}

func circleError(circle []*member) error {
	names := ""
	for i, m := range circle {
		if i > 0 {
			names += " -> "
		}
		names += m.name()
	}
	return fmt.Errorf("%w: %s", ErrCycle, names)
}

// waitsForItself returns the error of a Wait from inside an acquisition of p.
func (p *ExitPool) waitsForItself(ctx context.Context) error {
	for m := insideOf(ctx); m != nil; m = m.outer() {
		if m.pool == p && m.state.Load() < held {
			return fmt.Errorf("%w: Wait of its own pool in %s", ErrCycle, m.name())
		}
	}
	return nil
}
