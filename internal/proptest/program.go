package proptest

import "time"

// A Program is a random tree of scopes, resources and functions. It is a pure
// function of the seed it was generated from. Every function in it is called at
// most once, so that it is known by its ID.
type Program struct {
	Root     *Scope
	Features Features
	Timeline []Timed // done by goroutines beside the program

	Fns     []*Fn
	Regs    []*Reg
	Ress    []*Res
	Holders []*Holder
	Scopes  []*Scope
}

// A Scope is one call of WithStack, WithPool or Use, or a NewStack or NewPool that
// is exited.
type Scope struct {
	ID     int
	Kind   ScopeKind
	Opts   ScopeOpts
	Holder *Holder // the stack or pool; of a Use nobody sees it
	Body   *Fn
	Res    *Res // of a Use
	Exits  int  // callers of Exit beside the first, for NewStack and NewPool
	Late   []*Reg
	By     *Fn // which calls it; nil for the root
}

type ScopeKind int

const (
	WithStack ScopeKind = iota
	WithPool
	NewStack
	NewPool
	Use
)

func (k ScopeKind) pool() bool { return k == WithPool || k == NewPool }
func (k ScopeKind) open() bool { return k == NewStack || k == NewPool }

// ScopeOpts are the options of a scope or a pool; negative durations and a zero
// limit stand for none.
type ScopeOpts struct {
	Limit          int64
	Grace, Abandon time.Duration
}

// A Holder is a stack or a pool. Exactly one of Scope, Res and On says where it is.
type Holder struct {
	ID    int
	Pool  bool
	Opts  ScopeOpts
	Scope *Scope  // it is that of a scope
	Res   *Res    // it is the stack of a member, or the pool inside a Gather
	On    *Holder // it is a pool on that stack
}

// A Res is a Resource, started or entered once.
type Res struct {
	ID       int
	Kind     ResKind
	In       *Holder // the stack on which it is entered, or the pool in which it is started
	Stack    *Holder // what it registers on
	Fn       *Fn     // acquires; nil for Gather, Race and Quorum
	Reg      *Reg    // the release of AcquireRelease, Closing and ContextManager
	Kids     []*Res  // of Gather, Race and Quorum
	KidPool  *Holder
	N        int  // of Quorum
	Start    bool // by Start
	By       *Fn  // which starts or enters it; of a kid the one of its Gather
	Exposed  []*Res
	Name     string
	Weight   int64
	Acquire  time.Duration // AcquireTimeout; negative: none
	Release  time.Duration // ReleaseTimeout; negative: none
	Optional bool
}

type ResKind int

const (
	Plain ResKind = iota
	AcquireRelease
	Closing
	ContextManager
	Gather
	Race
	Quorum
)

func (k ResKind) many() bool { return k >= Gather }
func (k ResKind) race() bool { return k >= Race }

// A Reg is a registration on a stack or pool.
type Reg struct {
	ID   int
	Kind RegKind
	On   *Holder
	Fn   *Fn // the release or the task
	By   *Fn // which registers it
	Late bool
}

type RegKind int

const (
	Defer RegKind = iota
	Push
	Close
	Go
	Implied // the release of an AcquireRelease, Closing or ContextManager
)

// A Fn is a function of the program's: it takes its steps, then ends.
type Fn struct {
	ID    int
	Kind  FnKind
	Steps []Step
	End   End
	Scope *Scope // of a body
	Res   *Res   // of an acquisition
	Reg   *Reg   // of a release or task
	By    *Fn    // inside which it was made
}

type FnKind int

const (
	Body FnKind = iota
	Acquire
	Release
	Task
)

// End is how a function ends, if nothing ended it before.
type End int

const (
	Returns End = iota
	Fails
	Panics
	Exits      // runtime.Goexit
	Foreign    // returns a context.Canceled of somebody else's
	ReturnTold // returns what a Push function was told
	Suppresses
)

// A Step is something that a function does.
type Step struct {
	Op       Op
	D        time.Duration // OpSleep
	Stubborn bool          // it ignores its context
	Swallow  bool          // an error of the step does not end the function
	Reg      *Reg
	Res      *Res
	Holder   *Holder
	Scope    *Scope
}

type Op int

const (
	OpSleep    Op = iota
	OpServe       // a task's: until its context ends
	OpRegister    // Reg
	OpEnter       // Res
	OpPool        // Holder
	OpStart       // Res
	OpGet         // Res
	OpWait        // Holder
	OpScope       // Scope
	OpRelease     // Res
	OpCancel      // Holder
	OpCaller      // cancels the caller's context
	OpPopAll      // moves Holder's things; Scope is where they go
)

// Timed is a step that is taken beside the program, at that instant.
type Timed struct {
	At   time.Duration
	Step Step
}
