package proptest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// A tampering makes a log say that a guarantee was broken. It returns nil if there
// is nothing in that log to tamper with.
type tampering struct {
	name, breaks string
	with         func(p *Program, log []Event) []Event
}

var tamperings = []tampering{
	{"a release does not run", "R1", func(p *Program, log []Event) []Event {
		f := findRelease(p, log)
		return without(log, f, FnBegin, FnEnd)
	}},
	{"a release runs twice", "R1", func(p *Program, log []Event) []Event {
		if f := findRelease(p, log); f >= 0 {
			i, j := find(log, FnBegin, f), find(log, FnEnd, f)
			return slices.Insert(slices.Clone(log), j+1, log[i], log[j])
		}
		return nil
	}},
	{"a release does not end before Exit returns", "R7", func(p *Program, log []Event) []Event {
		return move(log, find(log, FnEnd, findRelease(p, log)), len(log)-1)
	}},
	{"an older release runs first", "R4", func(p *Program, log []Event) []Event {
		a, b := findPair(p, log)
		return move(log, find(log, FnBegin, a), find(log, FnBegin, b))
	}},
	{"a release runs under the body", "F5", func(p *Program, log []Event) []Event {
		f := findRelease(p, log)
		if f < 0 {
			return nil
		}
		return move(log, find(log, FnBegin, f), find(log, FnEnd, p.Fns[f].Reg.On.scope().Body.ID))
	}},
	{"what is used is released before its user", "D1", func(p *Program, log []Event) []Event {
		user, used := findEdge(p, log)
		return move(log, find(log, FnBegin, used), find(log, FnBegin, user))
	}},
	{"Exit takes longer than it must", "D2", func(p *Program, log []Event) []Event {
		if !p.Features.clean() {
			return nil
		}
		if _, err := criticalPath(p); err != nil {
			return nil // who wins a race is not known
		}
		log = slices.Clone(log)
		log[len(log)-1].At += time.Nanosecond
		return log
	}},
	{"a release gets a context that has ended", "C1", func(p *Program, log []Event) []Event {
		return change(log, find(log, FnBegin, findRelease(p, log)), func(e *Event) { e.Ctx, e.Cause = context.Canceled, context.Canceled })
	}},
	{"an error is lost", "E2", func(p *Program, log []Event) []Event {
		i := slices.IndexFunc(log, func(e Event) bool { return e.What == ScopeEnd && e.ID == 0 && e.How == Returned && e.Err != nil })
		if i < 0 || p.Features.Suppress || p.Features.Abandon || p.Root.Body.holder().Pool || !ownError(p, log) {
			return nil
		}
		return change(log, i, func(e *Event) { e.Err, e.Extras = nil, nil })
	}},
	{"there is noise", "E3", func(p *Program, log []Event) []Event {
		if !p.Features.clean() {
			return nil
		}
		return change(log, len(log)-1, func(e *Event) { e.Err = fmt.Errorf("noise: %w", context.Canceled) })
	}},
	{"callers of Exit get different errors", "R7", func(p *Program, log []Event) []Event {
		i := slices.IndexFunc(log, func(e Event) bool {
			return e.What == ScopeEnd && len(e.Extras) > 0 && e.Err == nil && e.How == Returned
		})
		return change(log, i, func(e *Event) { e.Extras = []End2{{Returned, context.Canceled}} })
	}},
	{"a panic is swallowed", "E6", func(p *Program, log []Event) []Event {
		i := slices.IndexFunc(log, func(e Event) bool { return e.What == ScopeEnd && e.How != Returned })
		j := i + 1
		if i < 0 || p.Features.Abandon || log[i].ID != 0 || j >= len(log) || p.Root.Body.End != Panics {
			return nil
		}
		return change(log, i, func(e *Event) { e.How, e.Value = Returned, nil })
	}},
	{"a panic comes from nowhere", "E6", func(p *Program, log []Event) []Event {
		if !p.Features.clean() {
			return nil
		}
		i := find(log, ScopeEnd, 0)
		return change(log, i, func(e *Event) { e.How = Panicked })
	}},
	{"Wait says that all is well", "D6", func(p *Program, log []Event) []Event {
		for i, e := range log {
			if e.What == WaitEnd && e.Err != nil && failedMember(p, log[:i], p.Holders[e.ID]) {
				return change(log, i, func(e *Event) { e.Err = nil })
			}
		}
		return nil
	}},
}

// TestTheOracleCanFail tampers with the logs of good runs, in every way that
// applies, and has the oracle find it.
func TestTheOracleCanFail(t *testing.T) {
	applied := map[string]int{}
	for seed := 1; seed <= 1500; seed++ {
		p := Programs.Example(seed)
		var obs *observations
		var log *Log
		synctest.Test(t, func(t *testing.T) { log, obs = Run(p, false) })
		if len(Check(p, log.Events, obs, true)) > 0 {
			continue
		}
		for _, tamper := range tamperings {
			events := tamper.with(p, log.Events)
			if events == nil {
				continue
			}
			applied[tamper.name]++
			problems := Check(p, events, obs, true)
			found := slices.ContainsFunc(problems, func(s string) bool { return id(s) == tamper.breaks })
			if !assert.True(t, found, "seed %d, %s: %s\n%s\n%s", seed, tamper.name, strings.Join(problems, "\n"), p, &Log{Events: events}) {
				return
			}
		}
	}
	for _, tamper := range tamperings {
		assert.GreaterOrEqual(t, applied[tamper.name], 5, tamper.name)
	}
}

func find(log []Event, what What, id int) int {
	return slices.IndexFunc(log, func(e Event) bool { return e.What == what && e.ID == id })
}

func change(log []Event, i int, f func(*Event)) []Event {
	if i < 0 {
		return nil
	}
	log = slices.Clone(log)
	f(&log[i])
	return log
}

// move takes the event at i to where that at j was.
func move(log []Event, i, j int) []Event {
	if i < 0 || j < 0 || i == j {
		return nil
	}
	e := log[i]
	return slices.Insert(slices.Delete(slices.Clone(log), i, i+1), j, e)
}

func without(log []Event, id int, what ...What) []Event {
	if id < 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(log), func(e Event) bool { return e.ID == id && slices.Contains(what, e.What) })
}

// plain reports whether f is a release of a clean program, registered on a stack or
// pool before Exit.
func plain(p *Program, f *Fn) bool {
	return p.Features.clean() && f.Kind == Release && !f.Reg.Late && f.Reg.By.Kind != Release && f.By != nil &&
		within(f.Reg.On, func(r *Res) bool { return !r.In.Pool || r.In.Res == nil || !r.In.Res.Kind.race() })
}

// findRelease finds one that everything is certain of; -1: there is none.
func findRelease(p *Program, log []Event) int {
	for _, f := range p.Fns {
		if plain(p, f) && find(log, FnBegin, f.ID) >= 0 && f.Reg.On.scope() == p.Root && kindOf(f) {
			return f.ID
		}
	}
	return -1
}

func kindOf(f *Fn) bool { return f.Reg.Kind == Defer || f.Reg.Kind == Push }

// findPair finds an older and a newer release on one stack.
func findPair(p *Program, log []Event) (a, b int) {
	for _, f := range p.Fns {
		for _, g := range p.Fns {
			if plain(p, f) && plain(p, g) && f.Reg.On == g.Reg.On && !f.Reg.On.Pool &&
				find(log, Registered, f.Reg.ID) < find(log, Registered, g.Reg.ID) && find(log, FnBegin, f.ID) >= 0 {
				return f.ID, g.ID
			}
		}
	}
	return -1, -1
}

// findEdge finds a release of a user and one of what it uses.
func findEdge(p *Program, log []Event) (user, used int) {
	for _, e := range log {
		if e.What != GetEnd || e.Err != nil || p.Fns[e.By].Kind != Acquire || !p.Features.clean() {
			continue
		}
		a, b := pair(p.Fns[e.By].member(), p.Ress[e.ID])
		for _, f := range p.Fns {
			for _, g := range p.Fns {
				if a != nil && a != b && plain(p, f) && plain(p, g) && f.Reg.On == a.Stack && g.Reg.On == b.Stack {
					return f.ID, g.ID
				}
			}
		}
	}
	return -1, -1
}

// ownError reports whether a release on the root's own stack failed, or its body.
func ownError(p *Program, log []Event) bool {
	return slices.ContainsFunc(log, func(e Event) bool {
		if e.What != FnEnd || e.How != Returned {
			return false
		}
		leaf, injected := e.Err.(*Injected)
		f := p.Fns[e.ID]
		return injected && leaf.Fn == f.ID && (f.Kind == Body && f.Scope == p.Root || f.Kind == Release && f.Reg.On == p.Root.Holder && !f.Reg.Late)
	})
}

func failedMember(p *Program, log []Event, h *Holder) bool {
	return slices.ContainsFunc(log, func(e Event) bool {
		if e.What != FnEnd || e.Err == nil || p.Fns[e.ID].Kind != Acquire || p.Features.Early {
			return false
		}
		r := p.Fns[e.ID].Res
		return r.In == h && r.Start && !r.Optional
	})
}
