package exitpool

import (
	"context"
	"runtime/debug"

	"github.com/exitpool/exitpool/internal/callguard"
)

// A verdict is what came of releasing something, besides its failures.
type verdict struct {
	abandoned  []string
	broke      error // a panic or Goexit, to be raised; it is among the failures too
	say        bool  // a Push function was asked,
	suppressed bool  // and what it was told is to be dropped
}

// nothing reports whether there is nothing to tell.
func (v *verdict) nothing() bool { return v.broke == nil && len(v.abandoned) == 0 && !v.suppressed }

// An unwinding is one way out of a stack, newest entry first. It is a
// callguard.Stepper, so that panics and Goexit do not end it. What comes of it
// stays in it, because a Goexit takes return values away. Also what came of a
// nested pool is put in one.
type unwinding struct {
	account // what is pending: the cause, and the failures so far
	verdict

	stack     *ExitStack
	leave     *leave
	protected bool  // the cause is the failure of an acquisition: not suppressed
	pending   error // of the account; valid if fresh
	fresh     bool

	entry entry      // being released
	inner *unwinding // of the entry, if that is a scope; made by the first
	busy  bool       // entry has begun and not ended: if Step ends now, it panicked or called Goexit
}

// Step releases the entries until there are none, or one panics.
func (x *unwinding) Step() (more bool) {
	defer func() {
		if x.busy {
			more = true
			x.interrupted(recover())
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
	x.entry = s.entries.pop()
	if x.entry.thing == nil {
		s.phase = drained
		return false
	}
	x.busy = true
	return true
}

// release releases x.entry. Where it is a scope of its own, x.inner tells more.
func (x *unwinding) release() error {
	switch thing := x.entry.thing.(type) {
	case *member:
		x.releaseMember(thing)
	case *ended:
		x.entry = thing.entry
		if broke := broken(thing.how, OpRelease, x.name); broke != nil {
			x.breaks(broke)
		}
		return thing.err
	case *ExitPool:
		thing.depart(x.told(), x.leave, x.nest())
	case *task:
		return x.stop(thing)
	case deferFunc:
		if x.plain() {
			return thing(x.leave.ctx)
		}
		return x.call(thing, nil)
	case pushFunc:
		told := x.told()
		x.say = true
		if x.plain() {
			return thing(x.leave.ctx, told)
		}
		return x.call(func(ctx context.Context) error { return thing(ctx, told) },
			func(err error) bool { return same(err, Suppress) || err != nil && same(err, told) })
	case closer:
		if x.plain() {
			return thing.Close()
		}
		return x.call(func(context.Context) error { return thing.Close() }, nil)
	}
	return nil
}

// releaseMember releases a member. If that was easy, nothing came of it.
func (x *unwinding) releaseMember(m *member) {
	to := untouched
	defer func() {
		if to != finished {
			m.depart(x.told(), x.leave, x.nest(), to)
		}
	}()
	if x.told() == nil && !x.leave.bounded() {
		m.glide(x.leave, &to)
	}
	if to == finished {
		x.entry.thing = nil
	}
}

// nest returns the unwinding for a nested scope.
func (x *unwinding) nest() *unwinding {
	if x.inner == nil {
		x.inner = new(unwinding)
	}
	*x.inner = unwinding{inner: x.inner.inner, protected: x.protected}
	return x.inner
}

// plain reports whether a function can simply be called: nothing bounds it, and
// nobody watches it. (The functions of a member are not watched one by one.)
func (x *unwinding) plain() bool {
	return !x.leave.bounded() && (x.stack.own != nil || !x.stack.from().watched())
}

// call calls f within the bounds of the leave. What adds nothing is, beside nil, no
// failure of an f that only begins when the time is up.
func (x *unwinding) call(f func(context.Context) error, addsNothing func(error) bool) error {
	l, m := x.leave, x.stack.own
	var sp *span
	if m == nil {
		sp = x.stack.span(OpRelease, x.name)
	}
	name, late := x.namer(), l.over()
	run := func() error {
		err := f(l.ctx)
		if late && addsNothing != nil && addsNothing(err) {
			return err
		}
		return l.late(late, err)
	}
	if sp != nil {
		run = sp.around(run)
	}
	if l.abandon < 0 {
		return run()
	}
	o := x.stack.from().opts.observer
	r := l.patiently(run, OpRelease, name, func(err error) {
		if sp == nil {
			o.afterwards(OpRelease, m, name(), err)
		}
	})
	switch {
	case r.abandoned:
		x.abandoned = append(x.abandoned, name())
	case r.broke != nil:
		x.breaks(r.broke)
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

// interrupted takes note of an entry that panicked, with v, or called Goexit.
func (x *unwinding) interrupted(v any) {
	x.busy = false
	switch x.entry.thing.(type) {
	case *member, *ExitPool:
		x.merge()
	}
	x.breaks(broken(endedBy(v), OpRelease, x.name))
}

// endedBy says how a call ended that did not return; v is what recover returned.
func endedBy(v any) callguard.How {
	return callguard.How{Exited: v == nil, Panicked: v != nil, Value: v, Stack: debug.Stack()}
}

// merge takes over the verdict on a nested scope.
func (x *unwinding) merge() {
	v := x.inner
	x.say = x.say || v.say
	if v.suppressed {
		x.suppress()
	}
	others := v.others
	if m, ok := x.entry.thing.(*member); ok && m.optional() {
		others = reported(others)
	}
	for _, err := range others {
		if !x.has(err) {
			x.fail(x.nested(err))
		}
	}
	x.abandoned = append(x.abandoned, v.abandoned...)
	if v.broke != nil {
		x.breaks(v.broke)
	}
}
