package proptest

import (
	"slices"
	"time"
)

// release returns when everything in h has been released, if that begins at t.
func (c *path) release(h *Holder, t time.Duration) time.Duration {
	if h.Pool {
		return c.releasePool(h, t)
	}
	t, _ = c.unwind(c.things(h), h, t, false)
	return t
}

// unwind releases things of the stack h. What they register meanwhile runs next; but
// where they have been moved to another stack, it is left for h.
func (c *path) unwind(things []thing, h *Holder, t time.Duration, moved bool) (end time.Duration, left []thing) {
	for len(things) > 0 {
		last := things[len(things)-1]
		things = things[:len(things)-1]
		var next []thing
		switch {
		case last.moved != nil:
			t, next = c.unwind(last.moved, h, t, true)
		case last.pool != nil:
			t = c.release(last.pool, t)
		case last.res != nil:
			t = c.releaseRes(last.res, t)
		case last.reg.Kind == Go:
			t = c.endTask(last.reg, t)
		default:
			t = c.run(last.reg, t)
			next = registeredBy(last.reg.Fn, h)
		}
		if moved {
			left = append(left, next...)
		} else {
			things = append(things, next...)
		}
	}
	return t, left
}

// A thing is an entry of a stack.
type thing struct {
	reg  *Reg
	res  *Res
	pool *Holder

	moved []thing // by PopAll, and put back as one
}

// things lists what is on a stack when its exit begins, oldest first.
func (c *path) things(h *Holder) (all []thing) {
	var maker *Fn
	switch {
	case h.Scope != nil && h.Scope.Kind == Use:
		return []thing{{res: h.Scope.Res}}
	case h.Scope != nil:
		maker = h.Scope.Body
	case h.Res.Kind.many():
		return []thing{{pool: h.Res.KidPool}}
	case h.Res.Kind != Plain:
		return []thing{{reg: h.Res.Reg}}
	default:
		maker = h.Res.Fn
	}
	return madeBy(maker, h)
}

func madeBy(f *Fn, h *Holder) (all []thing) {
	for _, s := range f.Steps {
		switch {
		case s.Op == OpRegister && s.Reg.On == h:
			all = append(all, thing{reg: s.Reg})
		case s.Op == OpEnter && s.Res.In == h:
			all = append(all, thing{res: s.Res})
		case s.Op == OpPool && s.Holder.On == h:
			all = append(all, thing{pool: s.Holder})
		case s.Op == OpPopAll && s.Holder == h:
			all = []thing{{moved: append([]thing{}, all...)}}
		}
	}
	return all
}

// registeredBy lists what a release registers: no task, since Exit has begun (R6).
func registeredBy(f *Fn, h *Holder) []thing {
	return slices.DeleteFunc(madeBy(f, h), func(t thing) bool { return t.reg.Kind == Go })
}

// run returns when a release that begins at t has ended.
func (c *path) run(r *Reg, t time.Duration) time.Duration {
	c.begun[r.Fn] = t
	return c.end(r.Fn)
}

// endTask returns when a task has ended that is told to at t.
func (c *path) endTask(r *Reg, t time.Duration) time.Duration {
	f := r.Fn
	if len(f.Steps) > 0 && f.Steps[0].Op == OpServe {
		c.begun[f] = t
	} else {
		c.begun[f] = c.at(r.By, func(s Step) bool { return s.Reg == r })
	}
	return max(t, c.end(f))
}

func (c *path) releaseRes(r *Res, t time.Duration) time.Duration {
	if cut, ok := c.lost[r]; ok { // it has been unwound meanwhile
		return max(t, c.release(r.Stack, cut))
	}
	return c.release(r.Stack, t)
}

// releasePool releases each member when those that use it are gone.
func (c *path) releasePool(h *Holder, t time.Duration) time.Duration {
	users := c.users(h)
	done := map[*Res]time.Duration{}
	var release func(r *Res) time.Duration
	release = func(r *Res) time.Duration {
		if d, ok := done[r]; ok {
			return d
		}
		from := t
		for _, u := range users[r] {
			from = max(from, release(u))
		}
		done[r] = c.releaseRes(r, from)
		return done[r]
	}
	last := t
	for _, r := range c.p.Ress {
		if r.In == h {
			last = max(last, release(r))
		}
	}
	for _, r := range c.p.Regs {
		if r.On == h && !r.Late && r.By.Kind != Release {
			last = max(last, c.runOnPool(r, t))
		}
	}
	return last
}

// runOnPool runs a release on a pool; what that registers starts at once.
func (c *path) runOnPool(r *Reg, t time.Duration) time.Duration {
	last := c.run(r, t)
	for i, s := range r.Fn.Steps {
		if s.Op == OpRegister {
			last = max(last, c.runOnPool(s.Reg, c.until(r.Fn, i)))
		}
	}
	return last
}

// users lists, for the members of a pool, who uses them.
func (c *path) users(h *Holder) map[*Res][]*Res {
	users := map[*Res][]*Res{}
	for _, f := range c.p.Fns {
		for _, s := range f.Steps {
			if s.Op != OpGet {
				continue
			}
			if a, b := pair(f.member(), s.Res); a != nil && a != b && a.In == h {
				users[b] = append(users[b], a)
			}
		}
	}
	return users
}
