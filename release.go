package exitpool

import (
	"context"
	"slices"
	"time"
)

// This file is the releasing half of a pool.

func (p *ExitPool) exit(cause error, body bodyEnd) (err error) {
	p.poll()
	r, a, first := p.beginExit(cause, p.failedLocked)
	if !first {
		return also(cause, p.await())
	}
	p.told, p.leave = a.err(), p.from().leave()
	well := false
	defer func() {
		if well {
			p.closed.Store(true)
			return
		}
		a := r.account(p.failed())
		if p.sum.suppressed {
			a.drop(p.told)
		}
		defer p.closed.Store(true)
		err = p.finish(a, p.sum, body)
	}()
	well = p.drainUnlock(a.reason())
	return nil
}

// depart is the exit of a nested pool, which is told the pending error of the
// stack that holds it.
func (p *ExitPool) depart(told error, l *leave, x *unwinding) {
	p.mu.Lock()
	if p.phase != open {
		p.mu.Unlock()
		p.await() // its own code has called Exit, and has the result
		return
	}
	p.phase, p.told, p.protected = exiting, told, x.protected
	p.leave = p.from().leaveWithin(l)
	p.tellLocked(told)
	well := false
	defer func() {
		x.verdict = p.sum
		if well {
			return
		}
		strays, _ := p.remains()
		x.broke = worse(x.broke, worst(strays))
		a := account{cause: told}
		forced, handed := p.forcing()
		unheard := forced.all()
		if handed { // the holder reports it, or has suppressed it
			a.disregard(forced.cause)
			unheard = forced.later
		}
		x.broke = worse(x.broke, worst(unheard))
		errs := append(append(nonNil(forced.cause), p.failed()...), forced.later...)
		if p.holder.Load().own.forgiven() {
			errs = reported(errs)
		}
		a.add(errs...)
		a.add(strays...)
		x.others = a.others
		p.publish(a.err())
	}()
	a := account{cause: told}
	well = p.drainUnlock(a.reason())
}

// forcing returns the forced exit, and whether the holder has taken its cause.
func (p *ExitPool) forcing() (f forcing, handed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if forced := p.forcedLocked(); forced != nil {
		f = *forced
	}
	return f, p.handed
}

func (p *ExitPool) failed() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failedLocked()
}

// drainUnlock releases everything. The cause is settled, and p.mu is held. It reports
// whether there is nothing to tell: then the pool has exited.
func (p *ExitPool) drainUnlock(reason error) (well bool) {
	switch {
	case p.acquiring == 0: // the phase says enough
	case p.halt == nil:
		p.halt = &halt{err: ErrClosed, kind: context.Canceled, cause: reason}
	default:
		p.cut = true
	}
	o := p.from()
	p.spreadLocked()
	ready := p.readyLocked()
	p.emptyLocked()
	p.cancelUnlock()
	o.cancelBody(reason)
	calm := func() {}
	if p.leave.cancel != nil && p.leave.abandon < 0 {
		calm = whenDone(p.leave.ctx, p.forceReleasing)
	}
	enough := p.leave.patience() // it counts from the beginning, for acquisitions
	locked := false
	defer func() { // a Goexit in a release may have ended the goroutine of Exit
		if !locked {
			p.mu.Lock()
		}
		well = p.drainedUnlock(enough, calm)
	}()
	p.mu.Lock()
	p.releases.Put(ready)
	p.releases.Help()
	locked = true
	return false
}

// readyLocked lists the members that are held and used by nobody.
func (p *ExitPool) readyLocked() (ready []*member) {
	if p.members.n == 0 {
		return nil
	}
	now := p.now()
	ready = make([]*member, 0, p.members.n)
	for m := range p.members.all {
		if m.state.Load() == held && m.node.Free() {
			m.state.Store(releasing)
			m.since = now
			ready = append(ready, m)
		}
	}
	return ready
}

// drainedUnlock waits until the last member is gone, and for the workers; calm ends the
// watch on the grace. It reports what drainUnlock does.
func (p *ExitPool) drainedUnlock(enough <-chan time.Time, calm func()) (well bool) {
	if p.phase == exiting {
		p.empty = make(chan struct{})
		empty := p.empty
		p.mu.Unlock()
		select {
		case <-empty:
		case <-enough:
			p.abandonAcquisitions()
			<-empty // the releases have bounds of their own
		}
		p.mu.Lock()
	}
	p.releases.Wait(0)
	p.acquisitions.Wait(p.adrift)
	if p.says > 0 && p.says == p.asked {
		p.sum.suppressed = true
	}
	p.sum.say = p.says > 0
	if unwatch, fs := p.unwatch, p.functions; unwatch != nil || fs != nil || p.leave.cancel != nil {
		p.mu.Unlock()
		if unwatch != nil {
			unwatch()
		}
		if fs != nil {
			fs.each.Wait()
		}
		calm()
		p.leave.end(p.sum.abandoned)
		p.mu.Lock()
		p.functions = nil
	}
	well = p.end == nil && (p.halt == nil || !p.halt.caller) && len(p.faults)+len(p.failures) == 0 && p.sum.nothing()
	if well {
		p.phase = exited
	}
	p.mu.Unlock()
	return well
}

// abandonAcquisitions no longer waits for what is being acquired.
func (p *ExitPool) abandonAcquisitions() {
	p.mu.Lock()
	var freed []*member
	for _, m := range p.acquiringLocked() {
		p.sum.abandoned = append(p.sum.abandoned, m.name())
		m.moreLocked().err = &AbandonedError{Names: []string{m.name()}}
		m.state.Store(adrift)
		p.adrift++
		p.settledLocked(m)
		freed = append(freed, p.removeLocked(m)...)
	}
	p.releases.AddUnlock(freed...)
}

// drop drops what the members were told, panics and Goexit excepted.
func (a *account) drop(told error) {
	known := errorSet{}
	known.insertTree(told)
	if !unstoppable(a.cause) {
		a.cause = nil
	}
	a.others = slices.DeleteFunc(slices.Clone(a.others), func(err error) bool {
		return known.has(err) && !unstoppable(err)
	})
}
