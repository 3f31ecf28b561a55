package proptest

import (
	"errors"
	"slices"
	"time"
)

// This file computes how long a clean program takes: when each function begins and
// ends if nothing waits but for what the contract says that it waits for (D2, R4,
// R5). It knows nothing of what was observed.

// errTie is why a time cannot be told: it depends on who of two at one instant is
// the first.
var errTie = errors.New("two racers arrive at once")

type path struct {
	p     *Program
	begun map[*Fn]time.Duration // when a function begins
	steps map[*Fn][]time.Duration
	ended map[*Fn]time.Duration
	ready map[*Res]time.Duration
	exits map[*Scope]time.Duration
	lost  map[*Res]time.Duration // when a loser is cut off
	tie   bool
}

// criticalPath returns how long p takes from the call of the root to its return.
func criticalPath(p *Program) (d time.Duration, err error) {
	c := &path{p: p, begun: map[*Fn]time.Duration{}, steps: map[*Fn][]time.Duration{}, ended: map[*Fn]time.Duration{},
		ready: map[*Res]time.Duration{}, exits: map[*Scope]time.Duration{}, lost: map[*Res]time.Duration{}}
	d = c.scopeEnd(p.Root)
	if c.tie {
		return 0, errTie
	}
	return d, nil
}

// begin returns when f, a body or an acquisition, begins.
func (c *path) begin(f *Fn) time.Duration {
	if f.Kind == Body {
		switch s := f.Scope; {
		case s.Kind == Use:
			return c.acquired(s.Res)
		default:
			return c.scopeBegin(s)
		}
	}
	return c.resBegin(f.Res)
}

func (c *path) scopeBegin(s *Scope) time.Duration {
	if s.By == nil {
		return 0
	}
	return c.at(s.By, func(step Step) bool { return step.Scope == s })
}

func (c *path) resBegin(r *Res) time.Duration {
	if r.In.Pool && r.In.Res != nil { // a kid begins with its Gather
		return c.resBegin(r.In.Res)
	}
	if s := r.In.Scope; s != nil && s.Res == r {
		return c.scopeBegin(s)
	}
	return c.at(r.By, func(step Step) bool { return step.Res == r && (step.Op == OpEnter || step.Op == OpStart) })
}

// at returns when f takes the step that is.
func (c *path) at(f *Fn, is func(Step) bool) time.Duration {
	return c.until(f, slices.IndexFunc(f.Steps, is))
}

// until returns when f has taken its first n steps. A release or task has begun by
// the time that anybody asks.
func (c *path) until(f *Fn, n int) time.Duration {
	times := c.steps[f]
	if times == nil {
		start, known := c.begun[f]
		if !known {
			start = c.begin(f)
			c.begun[f] = start
		}
		times = []time.Duration{start}
	}
	for len(times) <= n {
		k := len(times) - 1
		next := c.step(f, k, times[k])
		times = append(times, next)
		c.steps[f] = times
	}
	return times[n]
}

// end returns when f has ended.
func (c *path) end(f *Fn) time.Duration { return c.until(f, len(f.Steps)) }

// step returns when the step k of f, which begins at t, ends.
func (c *path) step(f *Fn, k int, t time.Duration) time.Duration {
	switch s := f.Steps[k]; s.Op {
	case OpSleep:
		return t + s.D
	case OpEnter:
		return c.acquired(s.Res)
	case OpScope:
		return c.scopeEnd(s.Scope)
	case OpRegister:
		if s.Reg.Late && s.Reg.Kind != Go {
			return c.run(s.Reg, t)
		}
	case OpGet:
		return max(t, c.acquired(s.Res))
	case OpWait:
		for _, r := range c.p.Ress {
			if r.In == s.Holder && before(r, f, k) {
				t = max(t, c.acquired(r))
			}
		}
	}
	return t
}

// before reports whether r is started before f waits in that step: by an earlier step of f, or
// by a member that is.
func before(r *Res, f *Fn, wait int) bool {
	for r.By != f {
		r = r.By.Res
	}
	start := slices.IndexFunc(f.Steps, func(s Step) bool { return s.Op == OpStart && s.Res == r })
	return start < wait
}

// acquired returns when r is held.
func (c *path) acquired(r *Res) time.Duration {
	if t, ok := c.ready[r]; ok {
		return t
	}
	var t time.Duration
	switch {
	case !r.Kind.many():
		t = c.end(r.Fn)
	default:
		t = c.resBegin(r)
		var all []time.Duration
		for _, kid := range r.Kids {
			all = append(all, c.acquired(kid))
		}
		slices.Sort(all)
		switch {
		case r.Kind.race():
			t = all[r.N-1]
			if r.N < len(all) && all[r.N] == t {
				c.tie = true
			}
			for _, kid := range r.Kids {
				if c.ready[kid] > t {
					c.lost[kid] = t
				}
			}
		case len(all) > 0:
			t = max(t, all[len(all)-1])
		}
	}
	c.ready[r] = t
	return t
}

// scopeEnd returns when the call of s returns.
func (c *path) scopeEnd(s *Scope) time.Duration {
	if t, ok := c.exits[s]; ok {
		return t
	}
	t := c.release(s.Holder, c.end(s.Body))
	for _, reg := range s.Late { // in the goroutine that registers it
		t = c.run(reg, t)
	}
	c.exits[s] = t
	return t
}
