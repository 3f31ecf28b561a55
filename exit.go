package exitpool

import (
	"context"
	"runtime"
	"runtime/debug"

	"github.com/exitpool/exitpool/internal/callguard"
)

// bodyEnd is how the body of a scope ended.
type bodyEnd uint8

const (
	bodyReturned bodyEnd = iota
	bodyPanicked
	bodyExited
)

func (s *ExitStack) exit(cause error, body bodyEnd) (err error) {
	_, a, first := s.beginExit(cause, nil)
	if !first {
		return also(cause, s.await())
	}
	flight, pools, o := s.flightLocked(), s.poolsLocked(), s.originLocked()
	s.mu.Unlock()
	l := o.leave()
	x := &unwinding{stack: s, leave: &l, account: *a}
	defer func() {
		l.end()
		err = s.finish(x.account, x.verdict, body)
	}()
	reason := a.reason()
	for _, p := range pools {
		p.haltFor(reason)
	}
	for _, m := range flight {
		m.Cancel(context.Canceled, reason)
	}
	if s.own == nil { // a member shares its holder's origin
		o.cancelBody(reason)
	}
	x.abandoned = s.land(&l)
	callguard.Loop(x)
	return nil
}

// reason is the cause with which an exit cancels contexts.
func (a *account) reason() error {
	if err := a.err(); err != nil {
		return err
	}
	return ErrClosed
}

// finish makes the outcome, publishes it, and raises what must go on.
func (c *scope) finish(a account, v verdict, body bodyEnd) error {
	a.add(v.strays(c)...)
	if len(v.abandoned) > 0 {
		a.add(&AbandonedError{Names: unique(v.abandoned)})
	}
	if p, exited := c.broke(); body == bodyReturned {
		v.exited = v.exited || exited
		if v.panicked == nil {
			v.panicked = p
		}
	}
	result := a.err()
	if v.panicked != nil && body != bodyPanicked {
		result = v.panicked.with(a.without(v.panicked))
	}
	c.publish(result)
	switch {
	case body == bodyPanicked: // goes on with its own value
	case v.panicked != nil:
		panic(result)
	case v.exited && body != bodyExited:
		runtime.Goexit()
	}
	return result
}

// broke returns the panic, and whether there was a Goexit, that forced the exit.
// What a body merely returns does not count.
func (c *scope) broke() (p *PanicError, exited bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.forcedLocked()
	if f == nil {
		return nil, false
	}
	for _, err := range append([]error{f.cause}, f.later...) {
		if e, ok := err.(*PanicError); ok && p == nil {
			p = e
		}
		exited = exited || same(err, ErrGoexit)
	}
	return p, exited
}

// without returns what the account contains besides p.
func (a *account) without(p *PanicError) (rest []error) {
	for _, err := range append([]error{a.cause}, a.others...) {
		if err != nil && !same(err, p) {
			rest = append(rest, err)
		}
	}
	return rest
}

func unique(names []string) (once []string) {
	seen := map[string]bool{}
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			once = append(once, name)
		}
	}
	return once
}

// unwind is Unwind of a stack and of a pool: v is what recover returned there.
func unwind(errp *error, v any, asks func() bool, exit func(error, bodyEnd) error) {
	if v != nil {
		// In a deferred call: the panic goes on also if a release calls Goexit.
		defer panic(v)
		store(errp, exit(newPanic(v, debug.Stack(), "", func() string { return "" }), bodyPanicked))
		return
	}
	var cause error
	if errp != nil {
		cause = *errp
	}
	// To find out costs a look at the stack: only if somebody asks.
	if asks() && exitingGoroutine() {
		store(errp, exit(ErrGoexit, bodyExited))
		return
	}
	err := exit(cause, bodyReturned)
	if errp == nil {
		panic("exitpool: Unwind: nil error pointer")
	}
	*errp = err
}

func store(errp *error, err error) {
	if errp != nil {
		*errp = err
	}
}

// exitingGoroutine reports whether the deferred call of Unwind, three frames up,
// was made by runtime.Goexit. A flag set by the body's return, as in singleflight,
// is not to be had: Unwind does not see the body.
func exitingGoroutine() bool {
	var pcs [1]uintptr
	if runtime.Callers(4, pcs[:]) == 0 {
		return false
	}
	frame, _ := runtime.CallersFrames(pcs[:]).Next()
	return frame.Function == "runtime.Goexit"
}

// runLate runs what is registered on a scope that has exited: here and now. Its
// error goes to the observer, and its panic to the caller.
func runLate(o *origin, e entry, told error, parent *member) {
	if thing, ok := e.thing.(*ExitPool); ok {
		thing.Close()
		return
	}
	f := func() error {
		switch thing := e.thing.(type) {
		case deferFunc:
			return thing(o.releaseContext())
		case pushFunc:
			return thing(o.releaseContext(), told)
		case closer:
			return thing.Close()
		}
		return nil
	}
	if o.watched() {
		sp := &span{o: o.opts.observer, broke: func(err error) { panic(err) },
			ev: Event{Op: OpRelease, ID: newIDFor(o.opts.observer), Parent: parent.id(), Name: e.name()}}
		f = sp.around(f)
	}
	f()
}
