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

// failing reports whether something can fail or be cut off.
func (f Features) failing() bool {
	return f.Errors || f.Panics || f.Goexits || f.Circles || f.Timeouts || f.Early || f.Cancel || f.Caller || f.Impatient
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
	if f.Limit && Excluded.LostShare {
		f.Races, f.Impatient = false, false
	}
	return f
}

// Exclusions are known defects of the library, so that exploration goes on past
// them: the oracle lets them pass, or a program avoids them. Each is a finding; it is taken out of this struct when that is mended.
type Exclusions struct {
	// AbandonedContext: the context of an abandoned release under ReleaseTimeout or
	// Grace ends with context.Canceled, when Exit returns (C1).
	AbandonedContext bool
	// LateStack: what is registered by an acquisition that succeeds too late is
	// unwound on a stack that is still open: its tasks force the scope around (R12,
	// E2, E6), and Go starts tasks (R6).
	LateStack bool
	// NestedRelease: what fails in releasing inside a nested scope of the loser of a
	// race, or of an Optional member, is dropped with the failure of the acquisition
	// that holds it (E2, R12, F7).
	NestedRelease bool
	// ReleasedDependency: a member that fails because what it gets was released is
	// not reported (D6, E2).
	ReleasedDependency bool
	// LostShare: a goroutine inside a member that is held already takes the member's
	// share of a Limit, and nobody gives it back (D5, B1).
	LostShare bool
	// PanicBesideGoexit: the panic of a task is not raised if the body calls Goexit
	// after it (E6).
	PanicBesideGoexit bool
	// NestedExit: how a task inside a nested pool ends while the scope around exits
	// is taken for a forced exit of that pool: a panic is not raised, and the failure
	// of an Optional member is reported (E6, F7).
	NestedExit bool
	// LaterCause: a panic or Goexit of a task inside a nested pool is not raised if
	// something was cancelled before (E6).
	LaterCause bool
	// LateGet: Get of an entry inside a member that is being released succeeds, and
	// orders nothing (D1).
	LateGet bool
	// OptionalTask: the error of a task that fails while a failed Enter inside an
	// Optional member is unwound is lost (E2).
	OptionalTask bool
	// OptionalLater: a second failure inside a held Optional member, out of a nested
	// pool, is reported by Exit (F7).
	OptionalLater bool
	// CutRace: a Race that is cut off reports ErrClosed, or the caller's cause several
	// times, if a racer fails in releasing; and if it is Optional what its racers
	// failed with in acquiring (E3, F7).
	CutRace bool
}

// Excluded is what is known now.
var Excluded = Exclusions{}
