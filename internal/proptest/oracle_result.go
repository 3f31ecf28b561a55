package proptest

import (
	"slices"

	"github.com/exitpool/exitpool"
)

// noise checks that the root reports nothing that only says that the library has
// cancelled something (E3), and nothing that did not happen.
func (o *oracle) noise() {
	root := o.events[o.rootEnd]
	f := o.p.Features
	if !f.Caller && !f.Cancel && !f.Foreign && !f.Timeouts && !f.Grace && !f.Abandon && !f.Early {
		o.quiet(root.Err)
	}
	leaves(root.Err, func(leaf *Injected, _ bool) {
		ok := leaf.What == "cancel" || leaf.What == "caller"
		for _, e := range o.events {
			ok = ok || e.What == FnEnd && contains(e.Err, leaf)
		}
		if !ok {
			o.problem("E2: the root reports %v, which did not happen", leaf)
		}
	})
	if e, ok := root.Err.(*exitpool.ExitError); ok {
		n := len(e.Failures)
		if e.Cause != nil {
			n++
		}
		if n < 2 {
			o.problem("E1: a single error is wrapped: %v", root.Err)
		}
	}
}

// quiet checks an error where nobody but the library cancelled anything. What was
// joined with an error of the program's own is that function's to tell.
func (o *oracle) quiet(err error) {
	if e, ok := err.(*exitpool.ExitError); ok {
		for _, inner := range e.Unwrap() {
			o.quiet(inner)
		}
		return
	}
	for _, noise := range noises {
		if !is(err, noise) || !only(err, noises) || o.fromRelease(noise) {
			continue
		}
		if noise == exitpool.ErrClosed && o.anyGet(noise) {
			continue // Get said so to a function, which failed with it
		}
		o.problem("E3: the root reports %v, which nobody caused: %v", noise, err)
	}
}

var noises = []error{errCanceled, exitpool.ErrClosed, exitpool.ErrReleased, exitpool.ErrGrace}

// only reports whether every leaf of err is one of those.
func only(err error, those []error) bool {
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return only(e.Unwrap(), those)
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(err error) bool { return !only(err, those) })
	}
	return slices.Contains(those, err)
}

// fromRelease reports whether a release returned err: then it is an error like any
// other. The code after yield of a ContextManager that came too late does.
func (o *oracle) fromRelease(err error) bool {
	return slices.ContainsFunc(o.events, func(e Event) bool {
		return e.What == FnEnd && o.p.Fns[e.ID].Kind == Release && is(e.Err, err)
	})
}

func (o *oracle) anyGet(err error) bool {
	return slices.ContainsFunc(o.events, func(e Event) bool { return e.What == GetEnd && is(e.Err, err) })
}

// waits checks that Wait does not return nil if a member could not be acquired (D6).
func (o *oracle) waits() {
	for i, e := range o.events {
		if e.What != WaitEnd || !o.good(i) {
			continue
		}
		for _, r := range o.p.Ress {
			if r.In != o.p.Holders[e.ID] || r.Fn == nil || r.Optional || len(o.released[r.ID]) > 0 || !r.Start {
				continue
			}
			if end := o.ends[r.Fn.ID]; end >= 0 && end < i && !o.good(end) {
				o.problem("D6: Wait returns nil (event %d), and r%d was not acquired", i, r.ID)
			}
		}
	}
}

// callers checks that all callers of Exit get the same (R7, E6).
func (o *oracle) callers() {
	for _, e := range o.events {
		if e.What != ScopeEnd || len(e.Extras) == 0 {
			continue
		}
		hit := 0
		all := append(slices.Clone(e.Extras), End2{e.How, e.Err})
		for _, x := range e.Extras {
			if x.How != Returned {
				hit++
			}
		}
		if e.How == Returned && hit > 0 || hit > 1 {
			o.problem("E6: %d callers of Exit of scope %d are hit", hit, e.ID)
		}
		body := o.events[o.ends[o.p.Scopes[e.ID].Body.ID]]
		if body.Err != nil || e.How != Returned {
			continue // that may be added by its caller
		}
		for _, x := range all {
			if x.Err != e.Err {
				o.problem("R7: callers of Exit of scope %d get different errors: %v; %v", e.ID, e.Err, x.Err)
			}
		}
	}
}
