package exitpool

import (
	"context"
	"runtime/debug"
	"slices"
)

// A verdict is what came of releasing something: a member, a nested pool, or one
// function. It is written in place, because a Goexit takes return values away.
type verdict struct {
	failures   []error // in order; those of functions are *OpError already
	abandoned  []string
	panicked   *PanicError // the first panic; it is among the failures too
	exited     bool        // Goexit; ErrGoexit is among the failures too
	say        bool        // a Push function was asked,
	suppressed bool        // and what it was told is to be dropped
}

// An unwinding is one way out of a stack, newest entry first. It is a
// callguard.Stepper, so that panics and Goexit do not end it.
type unwinding struct {
	account // what is pending: the cause, and the failures so far
	verdict

	stack     *ExitStack
	leave     *leave
	protected bool  // the cause is the failure of an acquisition: not suppressed
	pending   error // of the account; valid if fresh
	fresh     bool

	entry entry // being released
	inner verdict
	busy  bool // entry has begun and not ended: if Step ends now, it panicked or called Goexit
}

// Step releases the entries until there are none, or one panics.
func (x *unwinding) Step() (more bool) {
	defer func() {
		if x.busy {
			more = true
			x.broke(recover())
		}
	}()
	for x.next() {
		err := x.release()
		x.busy = false
		x.note(err)
	}
	return false
}

// next takes the newest entry off the stack. When there is none, it closes the
// stack to registrations.
func (x *unwinding) next() bool {
	s := x.stack
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.entries) - 1
	if last < 0 {
		if s.phase == exiting {
			s.phase = drained
		}
		return false
	}
	x.entry, s.entries[last] = s.entries[last], entry{}
	s.entries = s.entries[:last]
	x.busy = true
	return true
}

// release releases x.entry. Where it is a scope of its own, x.inner tells more.
func (x *unwinding) release() error {
	switch thing := x.entry.thing.(type) {
	case *member:
		x.inner = verdict{}
		thing.depart(x.told(), x.leave, &x.inner)
	case *ExitPool:
		x.inner = verdict{}
		thing.depart(x.told(), &x.inner)
	case *task:
		return x.stop(thing)
	case deferFunc:
		return x.call(thing)
	case pushFunc:
		told := x.told()
		x.say = true
		return x.call(func(ctx context.Context) error { return thing(ctx, told) })
	case closer:
		return x.call(func(context.Context) error { return thing.Close() })
	}
	return nil
}

// call calls f within the bounds of the leave.
func (x *unwinding) call(f func(context.Context) error) error {
	l, m := x.leave, x.stack.own
	var sp *span
	if m == nil { // the functions of a member are not watched one by one
		sp = x.stack.span(OpRelease, x.name)
	}
	if sp == nil && !l.bounded() {
		return f(l.ctx)
	}
	name, late := x.name(), l.over()
	run := func() error { return l.late(late, f(l.ctx)) }
	if sp != nil {
		run = sp.around(run)
	}
	if l.abandon < 0 {
		return run()
	}
	o := x.stack.from().opts.observer
	r := l.patiently(run, OpRelease, func() string { return name }, func(err error) {
		if sp == nil {
			o.afterwards(OpRelease, m, name, err)
		}
	})
	switch {
	case r.abandoned:
		x.abandoned = append(x.abandoned, name)
	case r.panicked != nil:
		panic(r.panicked)
	case r.exited:
		x.exit()
	}
	return r.err
}

// note takes note of how an entry ended.
func (x *unwinding) note(err error) {
	switch x.entry.thing.(type) {
	case *member, *ExitPool:
		x.merge()
		return
	case pushFunc:
		if same(err, Suppress) {
			x.suppress()
			return
		}
		if err != nil && same(err, x.told()) {
			return
		}
		// A context manager that returns what it was told, and what failed besides.
		if e, ok := err.(*ExitError); ok && e.Cause != nil && same(e.Cause, x.told()) {
			for _, err := range e.Failures {
				x.fail(x.opError(OpRelease, err))
			}
			return
		}
	case *task:
		if err != nil {
			x.fail(x.opError(OpRun, err))
		}
		return
	}
	if err != nil {
		x.fail(x.opError(OpRelease, err))
	}
}

// broke takes note of an entry that panicked, with v, or called Goexit.
func (x *unwinding) broke(v any) {
	x.busy = false
	switch x.entry.thing.(type) {
	case *member, *ExitPool:
		x.merge()
	}
	if v == nil {
		x.exit()
		return
	}
	x.panic(newPanic(v, debug.Stack(), OpRelease, x.name))
}

// merge takes over the verdict on a nested scope.
func (x *unwinding) merge() {
	v := &x.inner
	x.say = x.say || v.say
	if v.suppressed {
		x.suppress()
	}
	for _, err := range v.failures {
		if !x.has(err) {
			x.fail(x.nested(err))
		}
	}
	x.abandoned = append(x.abandoned, v.abandoned...)
	if v.panicked != nil {
		x.panic(v.panicked)
	}
	if v.exited {
		x.exit()
	}
}

// nested wraps a failure of a scope inside a member that has a name.
func (x *unwinding) nested(err error) error {
	e, ok := err.(*OpError)
	if m := x.stack.own; !ok || m == nil || !m.named() {
		return err
	}
	return opError(e.Op, x.name, true, err)
}

func (x *unwinding) fail(err error) {
	if i, ok := err.(*interruption); ok && (same(i.cause, ErrClosed) || x.has(i.cause)) {
		return // the end of this scope, seen from inside as that of the caller
	}
	x.add(err)
	x.fresh = false
}

func (x *unwinding) panic(p *PanicError) {
	if x.panicked == nil {
		x.panicked = p
	}
	x.fail(p)
}

func (x *unwinding) exit() {
	x.exited = true
	x.fail(ErrGoexit)
}

// told returns the pending error.
func (x *unwinding) told() error {
	if !x.fresh {
		x.pending, x.fresh = x.err(), true
	}
	return x.pending
}

// suppress drops the pending error, panics and Goexit excepted.
func (x *unwinding) suppress() {
	x.suppressed = true
	if !x.protected && !unstoppable(x.cause) {
		x.cause = nil
	}
	x.others = slices.DeleteFunc(slices.Clone(x.others), func(err error) bool { return !unstoppable(err) })
	x.known, x.fresh = nil, false
}

// unstoppable reports whether err, in the account of a scope, stands for a panic
// or a Goexit. (What a function merely returned is wrapped in an OpError.)
func unstoppable(err error) bool {
	_, panicked := err.(*PanicError)
	return panicked || same(err, ErrGoexit)
}

// name is what errors call the entry: inside a member, the member's name.
func (x *unwinding) name() string {
	if m := x.stack.own; m != nil {
		return m.name()
	}
	return x.entry.name()
}

// opError wraps the error of a function or task of this stack.
func (x *unwinding) opError(op Op, err error) error {
	named := x.stack.own != nil && x.stack.own.named()
	return opError(op, x.name, named, err)
}

func (e entry) name() string {
	switch thing := e.thing.(type) {
	case closer:
		return closerName(thing.Closer, e.index)
	case *task:
		return funcName(thing.run, e.index)
	default:
		return funcName(thing, e.index)
	}
}

// opError wraps err, but an *OpError only if the name was given.
func opError(op Op, name func() string, named bool, err error) error {
	if e, ok := err.(*OpError); ok && (!named || e.Name == name()) {
		return err
	}
	return &OpError{Op: op, Name: name(), Err: err}
}
