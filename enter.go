package exitpool

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
)

// This file is what a stack does for the members that are entered on it, and for
// what is forced from inside.

// enter acquires m on the calling goroutine.
func (s *ExitStack) enter(ctx context.Context, m *member, self acquirer, opts []EntryOption) error {
	m.in.Store(s)
	m.prepare("Enter", self, ctx, s.from(), opts)
	if ctx.Err() != nil {
		return interrupted(ctx)
	}
	if err := s.admit(m); err != nil {
		return err
	}
	defer m.raise()
	m.acquire()
	if m.more == nil {
		return nil
	}
	return m.more.err
}

// admit puts m in flight.
func (s *ExitStack) admit(m *member) error {
	if err := s.ended(m); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != open {
		return ErrClosed
	}
	m.node.Order = s.nextLocked()
	if m.next = s.flight; m.next != nil {
		m.next.prev = m
	}
	s.flight = m
	return nil
}

// ended implements holder: why nothing may be acquired on the stack any more.
func (s *ExitStack) ended(*member) error {
	s.mu.Lock()
	phase, forced, held := s.phase, s.forcedLocked(), s.held
	s.mu.Unlock()
	switch own := s.own; {
	case forced != nil:
		return forced.reason()
	case phase != open:
		return ErrClosed
	case own == nil:
		return s.callerEnded()
	case !held && own.Err() != nil:
		return interrupted(own)
	}
	return nil
}

// keep implements holder.
func (s *ExitStack) keep(m *member) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != open || s.forcedLocked() != nil {
		return false
	}
	s.removeLocked(m)
	m.state.Store(held)
	s.pushLocked(m, m.node.Order, true)
	return true
}

// blame implements holder: a failed Enter belongs to its caller.
func (s *ExitStack) blame(m *member, f *fault) {
	m.state.Store(undoing)
	if m.named() && !f.cut && !f.broke() {
		f.err = opError(OpAcquire, m.name, true, f.err)
	}
}

// drop implements holder.
func (s *ExitStack) drop(m *member, f *fault) {
	m.more = &more{err: f.err, broke: f.result}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeLocked(m)
}

// raise passes on the panic or Goexit of an acquisition, after it is unwound.
func (m *member) raise() {
	if m.more == nil {
		return
	}
	m.more.broke.raise(m.more.err)
}

// raise panics or exits the goroutine, if r says so. err is r and what failed
// besides.
func (r *result) raise(err error) {
	switch {
	case r.panicked != nil:
		panic(r.panicked.with((&account{others: flat(err)}).without(r.panicked)))
	case r.exited:
		runtime.Goexit()
	}
}

// flat lists what is in the error of a scope.
func flat(err error) []error {
	if e, ok := err.(*ExitError); ok {
		return e.Unwrap()
	}
	return nonNil(err)
}

// removeLocked takes m out of flight.
func (s *ExitStack) removeLocked(m *member) {
	if m.prev == nil && s.flight != m {
		return // abandoned
	}
	if m.prev == nil {
		s.flight = m.next
	} else {
		m.prev.next = m.next
	}
	if m.next != nil {
		m.next.prev = m.prev
	}
	m.prev, m.next = nil, nil
	if s.flight == nil && s.landed != nil {
		close(s.landed)
		s.landed = nil
	}
}

func (s *ExitStack) flightLocked() (ms []*member) {
	for m := s.flight; m != nil; m = m.next {
		ms = append(ms, m)
	}
	slices.Reverse(ms) // oldest first
	return ms
}

// land waits for what is in flight. It returns the names of what it abandons.
func (s *ExitStack) land(l *leave) (abandoned []string) {
	s.mu.Lock()
	if s.flight == nil {
		s.mu.Unlock()
		return nil
	}
	s.landed = make(chan struct{})
	landed := s.landed
	s.mu.Unlock()
	enough, stop := l.patience()
	defer stop()
	select {
	case <-landed:
	case <-enough:
		s.mu.Lock()
		for _, m := range s.flightLocked() {
			if m.state.Load() < undoing { // else what it waits for has bounds of its own
				abandoned = append(abandoned, m.name())
				s.removeLocked(m)
			}
		}
		s.mu.Unlock()
		<-landed
	}
	return abandoned
}

// settle decides, for the stack of a member, whether its acquisition succeeded:
// from now on a failure inside is one of the scope around it. If it did not, the
// stack is about to be unwound.
func (s *ExitStack) settle(good bool) (own *forcing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own = s.forcedLocked()
	if good && own == nil {
		s.held = true
	} else if s.phase == open {
		s.held, s.phase = true, exiting
	}
	return own
}

// leaveHeld begins the release of a member's stack. It reports false if that has
// exited before.
func (s *ExitStack) leaveHeld(told error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != open {
		return false
	}
	s.phase = exiting
	s.tellLocked(told)
	return true
}

func (s *ExitStack) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end.forced.reason()
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
		flight, pools, o, reason := s.flightLocked(), s.poolsLocked(), s.originLocked(), s.end.forced.reason()
		s.mu.Unlock()
		for _, p := range pools {
			p.haltFor(reason)
		}
		for _, m := range flight {
			m.Cancel(context.Canceled, reason)
		}
		o.cancelBody(reason)
		return true
	}
}

// poolsLocked lists the pools that are directly on the stack: their acquisitions
// are of this scope.
func (s *ExitStack) poolsLocked() (pools []*ExitPool) {
	for _, e := range s.entries {
		if p, ok := e.thing.(*ExitPool); ok {
			pools = append(pools, p)
		}
	}
	return pools
}

// observerBroke takes the panic of an observer: it is one of the scope, inside a
// member of the one around that.
func (s *ExitStack) observerBroke(err error) {
	if s.own != nil {
		s.own.observerBroke(err)
		return
	}
	if s.force(err, false) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endingLocked().stray = append(s.end.stray, err)
}

func (m *member) observerBroke(err error) {
	if m.pool != nil {
		m.pool.observerBroke(err)
	} else {
		m.in.Load().observerBroke(err)
	}
}
