package exitpool

import (
	"context"
	"time"
)

// This file is the acquiring half of a pool.

// start adds m and has it acquired.
func (p *ExitPool) start(m *member, self acquirer, opts []EntryOption) {
	p.poll()
	m.pool = p
	o := p.from()
	m.prepare("Start", self, &o.ctx, o, opts)
	if p.admit(m) {
		p.acquisitions.Add(m)
	}
}

// admit puts m on the list. It reports false if m is not to be acquired.
func (p *ExitPool) admit(m *member) bool {
	p.setUp()
	p.mu.Lock()
	m.node.Order = p.nextLocked()
	m.since = p.now()
	var refusal error
	switch {
	case p.phase != open:
		refusal = ErrClosed
	case p.halt != nil:
		refusal, p.cut = p.halt.err, true
	}
	if refusal != nil {
		m.moreLocked().err = refusal
		m.state.Store(gone)
		p.race.lostLocked()
		p.mu.Unlock()
		return false
	}
	m.doomed = p.race.decided()
	p.members.add(m)
	p.acquiring++
	p.mu.Unlock()
	if err := p.limit.tooHeavy(m); err != nil {
		m.settleUnbegun(&fault{told: err, err: err})
		return false
	}
	return true
}

// setUp makes the queues usable, before the first member.
func (p *ExitPool) setUp() {
	if p.ready.Load() {
		return
	}
	ctx := p.from().ctx
	p.mu.Lock()
	done := p.ready.Load()
	if !done {
		p.epoch = time.Now()
		p.acquisitions.Do = func(m *member) { m.pool.begin(m) } // not p.begin: that allocates
		p.releases.Do = func(m *member) { m.pool.releaseMember(m) }
		if n := p.from().opts.limit; n > 0 {
			p.limit = newLimit(n)
			p.acquisitions.Admit = p.limit.admit
			p.releases.Admit = p.limit.admitRelease
		}
		p.ready.Store(true)
	}
	p.mu.Unlock()
	if done || ctx.Done() == nil {
		return
	}
	// One watch for the pool, not one for each member.
	unwatch := whenDone(ctx, p.poll)
	p.mu.Lock()
	late := p.phase >= drained
	if !late {
		p.unwatch = unwatch
	}
	p.mu.Unlock()
	if late {
		unwatch()
	}
}

// now is the time for the state of a member. To measure from an epoch takes half of
// the time that time.Now does.
func (p *ExitPool) now() time.Duration { return time.Since(p.epoch) }

// begin acquires m on this goroutine, unless it is too late for that.
func (p *ExitPool) begin(m *member) {
	p.poll()
	p.mu.Lock()
	if m.state.Load() != queued { // Release, or Abandon, has settled it
		p.mu.Unlock()
		p.limit.giveBack(m)
		return
	}
	begins := p.halt == nil && !m.doomed
	if begins {
		m.state.Store(acquiring)
		if p.limit != nil {
			m.since = p.now()
		}
	} else {
		m.state.Store(undoing)
	}
	p.mu.Unlock()
	if begins {
		m.acquire()
	} else {
		m.settleUnbegun(&fault{cut: true})
	}
}

// ended implements holder.
func (p *ExitPool) ended(m *member) error {
	p.poll() // the news may not have come yet
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	switch {
	case m.doomed && p.race != nil:
		err = errLost
	case m.doomed:
		err = ErrReleased
	case p.halt != nil:
		err = p.halt.err
	}
	return err
}

// keep implements holder.
func (p *ExitPool) keep(m *member) bool {
	p.mu.Lock()
	if p.halt != nil || m.doomed || m.state.Load() != acquiring {
		p.mu.Unlock()
		return false
	}
	m.state.Store(held)
	m.since = p.now()
	p.settledLocked(m)
	losers := p.race.wonLocked(p)
	p.mu.Unlock()
	p.limit.settled(m)
	for _, m := range losers {
		m.cut(context.Canceled, errLost)
	}
	return true
}

// blame implements holder: a failed acquisition forces the exit.
func (p *ExitPool) blame(m *member, f *fault) {
	p.mu.Lock()
	if m.state.Load() <= acquiring {
		m.state.Store(undoing)
	}
	doomed := m.doomed
	if f.cut && !doomed && p.halt != nil {
		p.cut = true
	}
	var known errorSet
	if m.more != nil && len(m.more.blamed) > 0 {
		known = errorSet{}
		for _, err := range m.more.blamed {
			known.insert(err)
		}
	}
	p.mu.Unlock()
	switch {
	case f.cut:
	case f.broke != nil:
		if !doomed {
			p.force(f.broke)
		}
	case known != nil && only(f.err, func(err error) bool { return known.has(err) || isCancel(err) }):
		f.cut = true // that of another member, which reports it (D4)
		f.err = opError(OpAcquire, m.name, m.named(), f.err)
	default:
		f.err = opError(OpAcquire, m.name, m.named(), f.err)
		if !doomed && !p.forgives(m) {
			p.force(f.err)
		}
	}
}

// forgives reports whether the failure of an acquisition leaves the pool alone.
func (p *ExitPool) forgives(m *member) bool { return m.optional() || p.race != nil }

// drop implements holder.
func (p *ExitPool) drop(m *member, f *fault) {
	p.limit.giveBack(m) // after the pool has been cancelled
	var released []error
	if p.forgives(m) {
		released = f.releases(m.optional())
	}
	p.mu.Lock()
	if m.state.Load() == adrift {
		p.mu.Unlock()
		return // nobody waits for it any more; its events have told
	}
	m.moreLocked().err, m.more.broke, m.more.cut = f.whole(), f.broke, f.cut
	switch {
	case m.doomed && p.race == nil: // told by Release
	case p.forgives(m) && f.broke == nil: // Exit reports what failed in releasing
		p.failures = m.faults(p.failures, released)
	case f.cut:
		p.faults = m.faults(p.faults, f.unwinding.others)
	default:
		p.faults = m.faults(p.faults, append([]error{f.err}, f.unwinding.others...))
	}
	if !m.doomed || p.race != nil {
		p.sum.broke = worse(p.sum.broke, f.broke)
		p.sum.abandoned = append(p.sum.abandoned, f.unwinding.abandoned...)
	}
	m.state.Store(gone)
	p.settledLocked(m)
	p.race.lostLocked()
	freed := p.removeLocked(m)
	p.mu.Unlock()
	p.releases.Add(freed...)
}

// faults appends failures of m.
func (m *member) faults(to []faultOf, errs []error) []faultOf {
	for _, err := range errs {
		to = append(to, faultOf{m.node.Order, err})
	}
	return to
}

// settledLocked wakes those that wait for the acquisition of m, or of all.
func (p *ExitPool) settledLocked(m *member) {
	if m.ready != nil {
		close(m.ready)
	}
	if p.acquiring--; p.acquiring == 0 && p.quiet != nil {
		close(p.quiet)
		p.quiet = nil
	}
}
