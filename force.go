package exitpool

import (
	"context"
	"errors"
	"sync/atomic"
)

// poll halts the pool if its caller's context has ended.
func (p *ExitPool) poll() {
	ctx := p.from().ctx
	if err := ctx.Err(); err != nil {
		p.stop(&halt{err: interrupted(ctx), kind: err, cause: context.Cause(ctx), caller: true})
	}
}

// haltFor halts a nested pool because the scope that holds it has ended.
func (p *ExitPool) haltFor(reason error) {
	p.stop(&halt{err: reason, kind: context.Canceled, cause: reason})
}

func (p *ExitPool) stop(h *halt) {
	p.mu.Lock()
	if p.halt != nil || p.phase != open {
		p.mu.Unlock()
		return
	}
	p.halt = h
	p.cancelUnlock()
}

// cancelUnlock cancels what is being acquired, for the reason of the halt. It
// unlocks first.
func (p *ExitPool) cancelUnlock() {
	h := p.halt
	ms := p.acquiringLocked()
	p.mu.Unlock()
	for _, m := range ms {
		m.cut(h.kind, h.cause)
	}
}

func (p *ExitPool) acquiringLocked() (ms []*member) {
	if p.acquiring == 0 {
		return nil
	}
	for m := range p.members.all {
		if m.state.Load() <= acquiring {
			ms = append(ms, m)
		}
	}
	return ms
}

// force forces the exit of the scope whose body is running.
func (p *ExitPool) force(cause error) (taken bool) {
	p.mu.Lock()
	first, taken := p.forceLocked(cause)
	if !first {
		p.mu.Unlock()
		return taken
	}
	reason, o := p.end.forced.reason(), p.from()
	if p.halt == nil {
		p.halt = &halt{err: reason, kind: context.Canceled, cause: reason}
	}
	p.cancelUnlock()
	o.cancelBody(reason)
	if p.holder.Load() != nil && forceFrom(&p.holder, cause, true) {
		p.mu.Lock()
		p.handed = true
		p.mu.Unlock()
	}
	return true
}

// fail is the death of a member, or a Cancel on its stack. While it is being
// acquired, that acquisition fails; later the scope around it is forced to exit.
// nested says that cause comes from a scope inside it.
func (m *member) fail(cause error, nested bool) (taken bool) {
	s := &m.stack
	s.mu.Lock()
	if !s.held {
		first, taken := s.forceLocked(cause)
		s.mu.Unlock()
		if first {
			m.cut(context.Canceled, s.forced().reason())
		}
		return taken
	}
	alive := s.phase == open
	s.mu.Unlock()
	if !alive {
		return false
	}
	if m.optional() && !unstoppable(cause) {
		m.die(cause)
		return true
	}
	var e *OpError
	if nested && m.named() && errors.As(cause, &e) && !unstoppable(cause) {
		cause = opError(e.Op, m.name, true, cause)
	}
	if m.pool != nil {
		return m.pool.force(cause)
	}
	return forceFrom(&m.in, cause, true)
}

// forgiven reports whether m, or a member around it, is optional, and all of them are
// held: while an acquisition is undone, what fails belongs to whoever asked for it.
func (m *member) forgiven() bool {
	for m != nil && m.isHeld() && !m.optional() {
		s := m.in.Load()
		if m.pool != nil {
			s = m.pool.holder.Load()
		}
		if s == nil {
			return false
		}
		m = s.own
	}
	return m != nil && m.isHeld()
}

// die records the death of an optional member for those who Get it from now on.
func (m *member) die(cause error) {
	if m.pool == nil {
		return // the value is with the caller of Enter already
	}
	if cause == nil {
		cause = context.Canceled
	}
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	if more := m.moreLocked(); more.err == nil {
		more.err = cause
	}
}

// force forces the exit of the scope whose body is running. nested says that
// cause comes from a scope inside this one.
func (s *ExitStack) force(cause error, nested bool) (taken bool) {
	var in atomic.Pointer[ExitStack]
	in.Store(s)
	return forceFrom(&in, cause, nested)
}

// forceFrom is force on the stack that in points to. PopAll may be moving what
// asks for it to another stack: then that one is forced.
func forceFrom(in *atomic.Pointer[ExitStack], cause error, nested bool) (taken bool) {
	for {
		s := in.Load()
		s.mu.Lock()
		if in.Load() != s {
			s.mu.Unlock()
			continue
		}
		if m := s.own; m != nil {
			s.mu.Unlock()
			return m.fail(cause, nested)
		}
		first, taken := s.forceLocked(cause)
		if !first {
			s.mu.Unlock()
			return taken
		}
		o, reason := s.from(), s.end.forced.reason()
		s.mu.Unlock()
		s.cutInside(context.Canceled, reason)
		o.cancelBody(reason)
		return true
	}
}

// cut cancels the acquisition of m, if it is still in flight, and those inside it:
// their contexts need not come from m's.
func (m *member) cut(err, cause error) {
	if m.Cancel(err, cause) {
		m.stack.cutInside(err, cause)
	}
}

// cutInside cancels the acquisitions that are in flight on the stack.
func (s *ExitStack) cutInside(err, cause error) {
	s.mu.Lock()
	flight, pools := s.flightLocked(), s.poolsLocked()
	s.mu.Unlock()
	for _, p := range pools {
		p.haltFor(cause)
	}
	for _, m := range flight {
		m.cut(err, cause)
	}
}

// leaving reports whether the exit of s, or of a scope around it, has begun.
func (s *ExitStack) leaving() bool {
	s.mu.Lock()
	phase := s.phase
	s.mu.Unlock()
	switch m := s.own; {
	case phase != open:
		return true
	case m == nil || !m.isHeld():
		return false
	case m.pool != nil:
		return m.pool.leaving()
	default:
		return m.in.Load().leaving()
	}
}

func (p *ExitPool) leaving() bool {
	p.mu.Lock()
	phase := p.phase
	p.mu.Unlock()
	s := p.holder.Load()
	return phase != open || s != nil && s.leaving()
}

func (m *member) isHeld() bool { return m.state.Load() >= held }

// poolsLocked lists the pools that are directly on the stack: their acquisitions
// are of this scope.
func (s *ExitStack) poolsLocked() (pools []*ExitPool) {
	for e := range s.entries.all {
		if p, ok := e.thing.(*ExitPool); ok {
			pools = append(pools, p)
		}
	}
	return pools
}
