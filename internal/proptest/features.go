package proptest

import "pgregory.net/rapid"

// Features say what a program may contain. Without any of them it is clean: nothing
// fails or ends early, nothing bounds it, and it takes exactly its critical path.
type Features struct {
	Errors, Panics, Goexits bool // injected anywhere
	Circles                 bool
	Limit                   bool
	Grace, Abandon          bool
	Timeouts                bool
	Optional                bool
	Early                   bool // Entry.Release
	Cancel                  bool // of a scope
	Caller                  bool // the caller's context is cancelled
	Exits                   bool // several callers of Exit
	Impatient               bool // bodies that do not wait for what they started
	Suppress                bool
	Foreign                 bool // a context.Canceled of somebody else's
	PopAll                  bool
	Late                    bool // registration after Exit
	Observe                 bool
	Races                   bool // Race and Quorum whose kids are anything
}

// clean reports whether time is the critical path's.
func (f Features) clean() bool {
	f.Observe, f.Late, f.Exits, f.PopAll = false, false, false, false
	return f == Features{}
}

// features draws some. A third of the programs is clean, so that the critical path
// is checked often.
func features(t *rapid.T) (f Features) {
	some := func(n int, bs ...*bool) {
		for _, b := range bs {
			*b = oneIn(t, n)
		}
	}
	some(4, &f.Observe, &f.Exits, &f.Late, &f.PopAll)
	if oneIn(t, 3) {
		return f
	}
	some(2, &f.Errors)
	some(4, &f.Panics, &f.Goexits, &f.Circles, &f.Limit, &f.Grace, &f.Optional, &f.Early,
		&f.Cancel, &f.Caller, &f.Impatient, &f.Races, &f.Timeouts)
	some(8, &f.Abandon, &f.Suppress, &f.Foreign)
	return f
}
