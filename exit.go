package exitpool

// reason is the cause with which an exit cancels contexts.
func (a account) reason() error {
	if err := a.err(); err != nil {
		return err
	}
	return ErrClosed
}

// finish makes the outcome, publishes it, and raises what must go on.
func (c *scope) finish(a account, v verdict, body bodyEnd) error {
	strays, forced := c.remains()
	a.add(strays...)
	v.broke = worse(v.broke, worst(strays))
	if len(v.abandoned) > 0 {
		a.add(&AbandonedError{Names: unique(v.abandoned)})
	}
	v.broke = worse(v.broke, worst(forced.all())) // what a body merely returns does not count
	result := a.err()
	if p, ok := v.broke.(*PanicError); ok && body != bodyPanicked {
		result = p.beside(result)
	}
	c.publish(result)
	if body == bodyReturned || body == bodyExited && !same(v.broke, ErrGoexit) {
		raise(v.broke, result)
	}
	return result
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

// beginExit settles the cause from the body's error and closes the scope to
// acquisitions. If first, the scope is locked on return. more, if not nil, gives
// under the lock what is known to have failed.
//
// The account is made without the lock, because it looks into foreign errors,
// and before the phase changes, because from then on releases may start and are
// told the cause.
func (c *scope) beginExit(body error, more func() []error) (r reckoning, a account, first bool) {
	r.body, r.caller = body, c.callerEnded()
	for tries := 0; ; tries++ {
		c.mu.Lock()
		if c.phase != open {
			c.mu.Unlock()
			return r, a, false
		}
		failed := listed(more)
		r.forced = c.forcedLocked()
		from := c.forcingLocked()
		if r.plain() && len(failed) == 0 {
			a = account{cause: body}
			c.phase = exiting
			c.tellLocked(body)
			return r, a, true
		}
		c.mu.Unlock()
		a = r.account(failed)
		told := a.err()
		c.mu.Lock()
		if c.phase != open {
			c.mu.Unlock()
			return r, a, false
		}
		if from != nil && c.forcingLocked() != from {
			c.mu.Unlock() // PopAll has taken the forced exit away
			continue
		}
		late := c.forcedLocked().all()[len(r.forced.all()):]
		unchanged := len(late) == 0 && len(listed(more)) == len(failed) && (c.forcedLocked() == nil) == (r.forced == nil)
		if unchanged || tries > 2 { // the making of the account may itself be what fails
			c.phase = exiting
			c.tellLocked(told)
			c.strayLocked(late...)
			return r, a, true
		}
		c.mu.Unlock() // another failure came in between
	}
}

func listed(more func() []error) []error {
	if more == nil {
		return nil
	}
	return more()
}

// publish sets the outcome and wakes the other callers of Exit.
func (c *scope) publish(result error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase == exited {
		return
	}
	c.phase = exited
	c.tellLocked(result)
	if c.end != nil {
		c.end.result = result
		if c.end.done != nil {
			close(c.end.done)
		}
	}
}

// tellLocked sets what late registrations are told.
func (c *scope) tellLocked(told error) {
	if told != nil || c.end != nil {
		c.endingLocked().told = told
	}
}

// late returns what a late registration is told. It does not wait for the
// outcome: the making of that may be what registers.
func (c *scope) late() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end == nil {
		return nil
	}
	return c.end.told
}

// await waits until another call has exited the scope and returns the outcome.
func (c *scope) await() error {
	c.mu.Lock()
	if c.phase != exited {
		e := c.endingLocked()
		if e.done == nil {
			e.done = make(chan struct{})
		}
		c.mu.Unlock()
		<-e.done
		c.mu.Lock()
	}
	defer c.mu.Unlock()
	if c.end == nil {
		return nil
	}
	return c.end.result
}

// also is the result of an Exit(own) that was not the first: the outcome, and
// own if the outcome does not contain it.
func also(own, result error) error {
	if own == nil || result == nil {
		return joined(own, nonNil(result))
	}
	a := account{cause: result}
	if a.has(own) {
		return result
	}
	return joined(own, []error{result})
}

func nonNil(err error) []error {
	if err == nil {
		return nil
	}
	return []error{err}
}

// remains returns the failures that nobody was there to report, and the forced exit.
func (c *scope) remains() (strays []error, forced *forcing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end == nil {
		return nil, nil
	}
	return c.end.stray, c.forcedLocked()
}
