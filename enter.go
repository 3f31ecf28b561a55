package exitpool

import (
	"cmp"
	"context"
	"slices"
)

// This file is what a stack does for the members that are entered on it, and for
// what is forced from inside.

// enter acquires m on the calling goroutine. What parent points to is the context of
// Enter.
func (s *ExitStack) enter(parent *context.Context, m *member, self acquirer, opts []EntryOption) error {
	m.in.Store(s)
	o, ctx := s.from(), *parent
	if ctx == o.body {
		parent = &o.body
	}
	m.prepare("Enter", self, parent, o, opts)
	if s.callerEnded() != nil || ctx.Err() != nil {
		return cmp.Or(s.ended(m), interrupted(ctx))
	}
	if err := s.admit(m); err != nil {
		return err
	}
	if parent != &o.body && s.own == nil && o.ctx.Done() != nil { // the body's context ends with the stack's
		defer whenDone(o.ctx, func() { m.cut(o.ctx.Err(), context.Cause(o.ctx)) })()
	}
	defer func() {
		if m.more != nil { // it failed, and is unwound
			raise(m.more.broke, m.more.beside)
		}
	}()
	if m.acquire() {
		m.handOver(nil)
	}
	if m.more == nil {
		return nil
	}
	return m.more.err
}

// admit puts m in flight. It refuses if the scope has ended.
func (s *ExitStack) admit(m *member) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.forcedLocked(); f != nil {
		return f.reason()
	}
	if s.phase != open {
		return ErrClosed
	}
	s.nests = true
	m.node.Order = s.nextLocked()
	if s.flight == nil {
		s.flight = new(flight)
	}
	s.flight.add(m)
	m.state.Store(acquiring)
	return nil
}

// whenDone calls f when ctx ends, on a goroutine that is waited for by the function
// it returns, which ends the watch and is called once.
func whenDone(ctx context.Context, f func()) (stop func()) {
	ran := make(chan struct{})
	halt := context.AfterFunc(ctx, func() {
		defer close(ran)
		f()
	})
	return func() {
		if !halt() {
			<-ran
		}
	}
}

// ended implements holder: why nothing may be acquired on the stack any more.
func (s *ExitStack) ended(*member) error {
	s.mu.Lock()
	phase, forced := s.phase, s.forcedLocked()
	s.mu.Unlock()
	switch {
	case forced != nil:
		return forced.reason()
	case phase != open:
		return ErrClosed
	}
	return s.callerEnded()
}

// callerEnded returns the error of the context from which the stack has its own: of
// a member's stack the member, which that does not end while it is held.
func (s *ExitStack) callerEnded() error {
	if s.own == nil {
		return s.scope.callerEnded()
	}
	if s.own.Err() != nil {
		return interrupted(s.own)
	}
	return nil
}

// keep implements holder.
func (s *ExitStack) keep(m *member) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != open || s.end != nil && s.end.forced != nil {
		return false
	}
	s.landLocked(m)
	m.state.Store(held)
	s.pushLocked(m, m.node.Order, true)
	return true
}

// blame implements holder: a failed Enter belongs to its caller.
func (s *ExitStack) blame(m *member, f *fault) {
	m.state.CompareAndSwap(acquiring, undoing)
	if m.named() && !f.cut && f.broke == nil {
		f.err = opError(OpAcquire, m.name, true, f.err)
	}
}

// drop implements holder.
func (s *ExitStack) drop(m *member, f *fault) {
	m.more = &more{err: f.whole(), broke: f.broke, beside: f.whole()}
	if f.cut { // no noise beside a panic
		m.more.beside = f.unwinding.failure()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if same(f.broke, ErrGoexit) { // Enter does not return what failed besides
		errs := f.unwinding.others
		if !f.cut {
			errs = append([]error{f.err}, errs...)
		}
		for _, err := range errs {
			if !same(err, ErrGoexit) { // that goes on in the goroutine of Enter
				s.strayLocked(err)
			}
		}
	}
	if m.state.Load() != adrift {
		s.landLocked(m)
	}
}

// flight is what is in flight on a stack.
type flight struct {
	members
	landed chan struct{} // made by Exit; closed when there is nothing
}

// landLocked takes m out of flight.
func (s *ExitStack) landLocked(m *member) {
	s.flight.remove(m)
	if f := s.flight; f.n == 0 && f.landed != nil {
		close(f.landed) // once: when Exit has begun, no more is put in flight
	}
}

func (s *ExitStack) flightLocked() (ms []*member) {
	if s.flight != nil {
		ms = slices.Collect(s.flight.all)
	}
	return ms
}

// settle decides, for the stack of a member, whether its acquisition succeeded:
// from now on a failure inside is one of the scope around it. If it did not, the
// stack is about to be unwound. It reports whether somebody exits it already.
func (s *ExitStack) settle(good bool) (own *forcing, exits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own, exits = s.forcedLocked(), s.phase != open
	s.held = true
	if (!good || own != nil) && !exits {
		s.phase = exiting
	}
	return own, exits
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

func (s *ExitStack) forced() *forcing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forcedLocked()
}
