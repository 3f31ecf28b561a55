package exitpool

import (
	"cmp"
	"context"

	"github.com/exitpool/exitpool/internal/callguard"
)

// A fault is why an acquisition came to nothing.
type fault struct {
	cut       bool    // it was cut off, or came too late: no failure of its own
	late      bool    // it was good, but came too late
	closed    bool    // its own code has called Exit on the stack, and has the result of that
	broke     error   // it panicked, or called Goexit
	told      error   // to what is unwound: as the Resource returned it, without a name
	err       error   // for whoever asks, without what failed in unwinding
	beside    []error // what failed beside a panic or Goexit
	unwinding unwinding
	leave     leave
}

// settle decides what came of the acquisition; how is nil if that returned. It may be
// running in a deferred call of a goroutine that exits, so what must happen stands in
// deferred calls. (What is rare stands in functions of its own: a goroutine begins with
// a small stack, and to let it grow takes longer than everything else here.) It reports
// whether the holder has still to keep m.
func (m *member) settle(sp *span, how *callguard.How, err error) bool {
	late := m.opts.clock.stop()
	lives := m.Detach()
	good := how == nil && err == nil && lives && !late
	own, exits := m.stack.settle(good)
	if !good || own != nil {
		f := m.judge(how, err, own, late)
		f.closed = exits
		m.conclude(sp, f)
	} else if sp != nil {
		m.conclude(sp, nil)
	} else {
		return true
	}
	return false
}

// conclude tells of the end of the acquisition, and hands the member over to its holder,
// or undoes the acquisition.
func (m *member) conclude(sp *span, f *fault) {
	defer func() {
		if f != nil {
			m.undo(sp, f)
		} else {
			m.handOver(sp)
		}
	}()
	if f == nil || f.late {
		sp.end(nil, m.usesIDs())
	}
}

// handOver has the holder keep m, whose acquisition was good.
func (m *member) handOver(sp *span) {
	if !m.holder().keep(m) {
		m.refused(sp)
	}
}

// refused undoes an acquisition that was good, but whose scope has ended.
func (m *member) refused(sp *span) {
	_, exits := m.stack.settle(false)
	err := m.cutError()
	m.undo(sp, &fault{cut: true, late: true, closed: exits, err: err, told: err})
}

// judge tells why the acquisition came to nothing. own is a forced exit from inside;
// late says that the clock had run out.
func (m *member) judge(how *callguard.How, err error, own *forcing, late bool) *fault {
	f := &fault{err: err}
	if how != nil {
		f.broke = broken(*how, OpAcquire, m.name)
	}
	switch {
	case f.broke != nil || worst(own.all()) != nil:
		f.broke = worse(f.broke, worst(own.all()))
		f.err = f.broke
		f.beside = own.all()
		if err != nil && !induced(err, m) {
			f.beside = append([]error{opError(OpAcquire, m.name, m.named(), err)}, f.beside...)
		}
	case own != nil: // a task of its own, or its own Cancel
		f.err = reckoning{body: err, forced: own}.account(nil).err()
		if f.err == nil {
			f.err = own.reason()
		}
	case late:
		if err != nil && induced(err, m) {
			err = nil
		}
		f.err = &overrun{err, []error{context.DeadlineExceeded}}
	case err == nil || induced(err, m):
		f.cut, f.late, f.err = true, err == nil, m.cutError()
	default:
		// What was cut off inside it, and failed in releasing.
		if e, ok := err.(*ExitError); ok && e.Cause != nil && induced(e.Cause, m) {
			f.cut, f.err, f.beside = true, m.cutError(), e.Failures
			if m.pool != nil && m.pool.forgives(m) {
				f.beside = releases(joined(nil, e.Failures))
			}
		}
	}
	f.told = f.err
	return f
}

// cutError is the error of an acquisition that was cut off.
func (m *member) cutError() error {
	// The last is left if PopAll takes the reason away.
	return cmp.Or(m.holder().ended(m), interrupted(m), ErrClosed)
}

// undo unwinds what the member registered.
func (m *member) undo(sp *span, f *fault) {
	h := m.holder()
	if f.late { // it is released here and now (R2)
		sp = m.span(OpRelease)
		sp.begin()
	}
	h.blame(m, f)
	bounds := m.stack.from().leave()
	f.leave = bounds
	if d := m.opts.releaseTimeout; d >= 0 {
		f.leave = bounds.within(d)
	}
	f.unwinding = unwinding{stack: &m.stack, leave: &f.leave, protected: true}
	f.unwinding.cause = f.told
	f.unwinding.add(f.beside...)
	defer func() {
		f.leave.end(f.unwinding.abandoned)
		bounds.end(f.unwinding.abandoned)
		f.unwinding.takes(m.over())
		f.broke = worse(f.broke, f.unwinding.broke)
		m.stack.publish(f.whole())
		defer h.drop(m, f)
		if f.late { // its acquisition was good, and has been told as such
			sp.end(f.unwinding.failure(), nil)
		} else {
			sp.cancelled(f.cut && f.unwinding.failure() == nil)
			sp.end(f.whole(), m.usesIDs())
		}
	}()
	if f.late && m.pool != nil { // a release like any other
		m.pool.limit.admitRelease(m)
		defer m.pool.limit.giveBackRelease(m)
	}
	stop := m.forceWith(&f.leave)
	defer stop()
	if f.closed {
		m.stack.await()
	} else {
		f.unwinding.run()
	}
}

// whole is the error of the acquisition and of its unwinding.
func (f *fault) whole() error {
	if failed := f.unwinding.failure(); failed != nil {
		return joined(f.err, flat(failed))
	}
	return f.err
}

// releases lists what failed in releasing: in a scope inside the member, which the
// error of its acquisition tells of, and on its own stack. What the tasks of an
// optional member failed with is its own.
func (f *fault) releases(optional bool) []error {
	if optional {
		return releases(f.whole())
	}
	return append(releases(f.err), f.unwinding.others...)
}

// settleUnbegun settles a member whose Resource is not called: nobody knows its stack.
func (m *member) settleUnbegun(f *fault) {
	if f.cut {
		f.err = m.cutError()
	}
	m.End() // it may be in the queue for a share of the Limit
	h := m.holder()
	h.blame(m, f)
	h.drop(m, f)
}
