package exitpool

import (
	"context"

	"github.com/exitpool/exitpool/internal/callguard"
)

func (s *ExitStack) exit(cause error, body bodyEnd) (err error) {
	_, a, first := s.beginExit(cause, nil)
	if !first {
		return also(cause, s.await())
	}
	easy := a.cause == nil && s.end == nil && s.own == nil && !s.nests
	s.mu.Unlock()
	if o := s.from(); !easy || o.opts.bounded() || o.watched() {
		return s.exitSlowly(a, body)
	}
	over := false
	defer func() {
		if !over {
			err = s.exitSlowly(a, body)
		}
	}()
	over = s.glide()
	return nil
}

// glide releases what is on a stack that is nobody's. See glide.go.
func (s *ExitStack) glide() bool {
	o := s.from()
	o.cancelBody(ErrClosed)
	l := o.freely()
	s.mu.Lock()
	return s.glideUnlock(&l)
}

// exitSlowly is exit where gliding did not do it. The account has the cause.
func (s *ExitStack) exitSlowly(a account, body bodyEnd) (err error) {
	o := s.from()
	made := &struct { // one allocation
		unwinding
		bounds leave
	}{unwinding{stack: s, account: a}, o.leave()}
	x := &made.unwinding
	x.leave = &made.bounds
	defer func() {
		x.leave.end(x.abandoned)
		err = s.finish(x.account, x.verdict, body)
	}()
	reason := a.reason()
	if s.nests {
		s.cutInside(context.Canceled, reason) // before the body's context says that it ended
	}
	if s.own == nil { // a member shares its holder's origin
		o.cancelBody(reason)
	}
	x.run()
	return nil
}

// runLate runs what is registered on a scope that has exited: here and now. Its
// error goes to the observer, and its panic to the caller.
func runLate(o *origin, e entry, told error, parent *member) {
	f := func() (err error) {
		switch thing := e.thing.(type) {
		case deferFunc:
			err = thing(o.releaseContext())
		case pushFunc:
			err = thing(o.releaseContext(), told)
		case closer:
			err = thing.Close()
		}
		return err
	}
	if o.watched() {
		sp := &span{o: o.opts.observer, broke: func(err error) { panic(err) },
			ev: Event{Op: OpRelease, ID: newIDFor(o.opts.observer), Parent: parent.id(), Name: e.name()}}
		f = sp.around(f)
	}
	f()
}

// run waits for what is in flight on the stack, which has been or is cancelled, and
// releases the entries.
func (x *unwinding) run() {
	if x.stack.nests { // from now on that does not change
		x.stack.cutInside(context.Canceled, x.reason())
		x.abandoned = append(x.abandoned, x.stack.land(x.leave)...)
	}
	callguard.Loop(x)
}

// land waits for what is in flight. It returns the names of what it abandons.
func (s *ExitStack) land(l *leave) (abandoned []string) {
	s.mu.Lock()
	if len(s.flightLocked()) == 0 {
		s.mu.Unlock()
		return nil
	}
	landed := make(chan struct{})
	s.flight.landed = landed
	s.mu.Unlock()
	select {
	case <-landed:
	case <-l.patience():
		s.mu.Lock()
		for _, m := range s.flightLocked() {
			if m.state.Load() < undoing { // else what it waits for has bounds of its own
				abandoned = append(abandoned, m.name())
				m.state.Store(adrift)
				s.landLocked(m)
			}
		}
		s.mu.Unlock()
		<-landed
	}
	return abandoned
}
