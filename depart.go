package exitpool

import "github.com/exitpool/exitpool/internal/depend"

// This file is how one member leaves a pool that exits, and whom that frees.

// releaseMemberLock is what a worker of Exit does. The pool is locked on return.
func (p *ExitPool) releaseMemberLock(m *member) {
	if p.isFunctions(m) {
		p.functions.releaseAll()
		p.mu.Lock()
	} else if !p.glideLock(m) {
		p.mu.Lock()
	}
}

// glideLock releases m, and reports whether that was easy: then the pool is locked.
func (p *ExitPool) glideLock(m *member) (easy bool) {
	to := untouched
	defer func() {
		if to != finished {
			p.releaseRest(m, to)
		}
	}()
	if p.told == nil && p.leave.abandon < 0 {
		m.glide(&p.leave, &to)
	}
	if to != finished {
		return false
	}
	p.limit.giveBackRelease(m)
	p.mu.Lock()
	p.releases.Put(p.goneLocked(m))
	return true
}

// forceReleasing is what happens to those when the grace is over (C2). One watch for the
// pool, not one for each member.
func (p *ExitPool) forceReleasing() {
	p.mu.Lock()
	var ms []*member
	for m := range p.members.all {
		if m.state.Load() == releasing && !m.early { // Release has a leave of its own
			ms = append(ms, m)
		}
	}
	p.mu.Unlock()
	for _, m := range ms {
		m.Force(ErrGrace)
	}
}

// releaseRest releases a member where gliding did not do it.
func (p *ExitPool) releaseRest(m *member, to progress) {
	x := p.spare.Swap(nil) // that of a member before
	if x == nil {
		x = new(unwinding)
	}
	*x = unwinding{inner: x.inner, protected: p.protected}
	defer func() {
		p.released(m, x)
		p.spare.Store(x)
	}()
	m.depart(p.told, &p.leave, x, to)
}

// released adds up what came of m, and takes it off the list.
func (p *ExitPool) released(m *member, v *unwinding) {
	p.limit.giveBackRelease(m)
	others := v.others
	if m.optional() {
		others = reported(others)
	}
	p.mu.Lock()
	p.failures = m.faults(p.failures, others)
	p.sum.abandoned = append(p.sum.abandoned, v.abandoned...)
	p.sum.broke = worse(p.sum.broke, v.broke)
	if v.say {
		p.says++
		if v.suppressed {
			p.asked++
		}
	}
	if len(v.others) > 0 {
		m.moreLocked().released = joined(nil, v.others)
	}
	p.goneUnlock(m)
}

func (p *ExitPool) goneUnlock(m *member) { p.releases.AddUnlock(p.goneLocked(m)...) }

// goneLocked takes m, which has been released, off the list, and returns what is to be
// released now.
func (p *ExitPool) goneLocked(m *member) (freed []*member) {
	m.state.Store(gone)
	m.leftLocked()
	return p.removeLocked(m)
}

// removeLocked takes m off the list: the pool forgets it. It returns what is to be
// released now because m used it.
func (p *ExitPool) removeLocked(m *member) (freed []*member) {
	p.members.remove(m)
	depend.Drop(m, func(used *member) {
		if p.phase == exiting && used.state.Load() == held {
			used.state.Store(releasing)
			used.since = p.now()
			freed = append(freed, used)
		}
	})
	p.emptyLocked()
	return freed
}

// emptyLocked ends the exit when the list is empty.
func (p *ExitPool) emptyLocked() {
	if p.phase == exiting && p.members.n == 0 {
		p.phase = drained
		if p.empty != nil {
			close(p.empty)
		}
	}
}
