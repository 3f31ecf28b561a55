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
	p.setUp()
	tooHeavy := p.limit.tooHeavy(m)
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
		return
	}
	m.doomed = p.race.decided()
	p.members.add(m)
	p.acquiring++
	if tooHeavy != nil {
		p.mu.Unlock()
		m.settleUnbegun(&fault{told: tooHeavy, err: tooHeavy})
		return
	}
	p.acquisitions.AddUnlock(m)
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
		// Not p.beginLocked and so on: those allocate.
		p.acquisitions.Mu, p.releases.Mu = &p.mu, &p.mu
		p.acquisitions.Begin = func(m *member) bool { return m.pool.beginLocked(m) }
		p.acquisitions.Run = func(m *member) { m.pool.acquireMemberLock(m) }
		p.releases.Run = func(m *member) { m.pool.releaseMemberLock(m) }
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

// beginLocked decides what becomes of a member that is taken from the queue. It reports
// false if that is settled already.
func (p *ExitPool) beginLocked(m *member) bool {
	switch {
	case m.state.Load() != queued: // Release, or Abandon, has settled it
		p.limit.giveBackLocked(m)
		return false
	case p.halt != nil || m.doomed:
		m.state.Store(undoing)
	default:
		m.state.Store(acquiring)
		if p.limit != nil {
			m.since = p.now()
		}
	}
	return true
}

// acquireMemberLock acquires m on this goroutine, unless it is too late for that. The
// pool is locked on return.
func (p *ExitPool) acquireMemberLock(m *member) {
	if m.state.Load() != acquiring || m.Err() != nil {
		m.settleUnbegun(&fault{cut: true})
		p.mu.Lock()
		return
	}
	good := m.acquire()
	p.mu.Lock()
	if !good || p.limit == nil && p.race == nil && p.keepLocked(m) {
		return
	}
	p.mu.Unlock()
	m.handOver(nil)
	p.mu.Lock()
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
	if !p.keepLocked(m) {
		p.mu.Unlock()
		return false
	}
	losers := p.race.wonLocked(p)
	p.mu.Unlock()
	p.limit.settled(m)
	for _, m := range losers {
		m.cut(context.Canceled, errLost)
	}
	return true
}

// keepLocked is keep where there is neither a race nor a limit.
func (p *ExitPool) keepLocked(m *member) bool {
	if p.halt != nil || m.doomed || m.state.Load() != acquiring {
		return false
	}
	m.state.Store(held)
	m.since = p.now()
	p.settledLocked(m)
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
	p.releases.AddUnlock(p.removeLocked(m)...)
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
