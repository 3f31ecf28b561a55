package exitpool

import (
	"context"
	"errors"
)

var (
	// ErrClosed is the error of an acquisition that comes after Exit has begun,
	// and the cause with which Exit cancels contexts when it has no other.
	ErrClosed = errors.New("exitpool: closed")

	// ErrReleased is the error of Get on a member that Entry.Release has released.
	ErrReleased = errors.New("exitpool: released")

	// ErrInUse is the error of Entry.Release on a member that others use.
	ErrInUse = errors.New("exitpool: in use")

	// ErrCycle is the error of a Get or Wait that would wait for itself, or
	// whose dependency would close a circle. The error names the members along it.
	ErrCycle = errors.New("exitpool: dependency cycle")

	// ErrGoexit stands for a runtime.Goexit (t.FailNow, for example) in an
	// acquisition, a body, a task or a release.
	ErrGoexit = errors.New("exitpool: runtime.Goexit was called")

	// ErrGrace is the cause with which Grace and ReleaseTimeout cancel the
	// context of a release, and is in the error of what ran over.
	ErrGrace = errors.New("exitpool: grace period over")

	// Suppress, returned by a function given to Push, drops the error that the
	// function was told, as a true result of Python's __exit__ does. It is
	// compared with ==. On a stack the older functions and the caller of Exit do
	// not see the dropped error; in a pool it is dropped if every member with a
	// Push function asks for it. It never drops a panic, a Goexit or the failure
	// of the acquisition that is being unwound, and from a function given to
	// Defer it is an error like any other.
	//
	//lint:ignore ST1012 the name is the contract's: it is no failure
	Suppress = errors.New("exitpool: suppress")
)

// Op says what a member was doing.
type Op string

const (
	OpAcquire Op = "acquire" // a Resource was running
	OpRelease Op = "release" // a release was running
	OpRun     Op = "run"     // a task of ExitStack.Go was running
)

// OpError is the failure of a member of a pool, of a task, or of a release. It
// prints as "release vm-1: broken pipe".
type OpError struct {
	Op   Op
	Name string // of the Name option, or the function's name and its index in its scope: "main.OpenDB#3"
	Err  error
}

// Error returns the operation, the name and the error, in one line.
func (e *OpError) Error() string { return string(e.Op) + " " + e.Name + ": " + oneLine(e.Err) }

// Unwrap returns e.Err.
func (e *OpError) Unwrap() error { return e.Err }

// ExitError holds several errors of one scope. (A single error is returned as
// it is.)
type ExitError struct {
	// Cause is the error of the body or the cause of the forced exit. It is nil
	// if there was none.
	Cause error
	// Failures are what failed besides, in a fixed order: on a stack that of the
	// releases, in a pool that in which the members were started. Each is an
	// *OpError, an *AbandonedError, a *PanicError, ErrGoexit or a later cause.
	Failures []error
}

// Error returns all errors in one line, separated by semicolons. The verb %+v
// prints them as a tree, one line for each.
func (e *ExitError) Error() string {
	line := ""
	for _, err := range e.Unwrap() {
		if line != "" {
			line += "; "
		}
		line += oneLine(err)
	}
	return line
}

// Unwrap returns the cause, if there is one, and the failures.
func (e *ExitError) Unwrap() []error {
	if e.Cause == nil {
		return e.Failures
	}
	return append([]error{e.Cause}, e.Failures...)
}

// PanicError is a panic of an acquisition, a task or a release, which happened on
// another goroutine or was held back until everything else was released. The
// call that exits the scope panics with it.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // of the goroutine that panicked, as debug.Stack formats it

	op   Op          // what panicked; "" for a body
	name string      // of the member that panicked
	rest []error     // the other errors of the scope
	of   *PanicError // the panic of which this is a copy, with more in rest; nil: it is none
}

// Error returns what a crash should print: the panic, the errors beside it, and
// the stack of the goroutine that panicked. The verb %v prints one line.
func (e *PanicError) Error() string {
	if len(e.Stack) == 0 {
		return e.line()
	}
	return e.line() + "\n\n" + string(e.Stack)
}

// Unwrap returns the panic value, if it is an error, together with the other
// errors of the scope.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return joined(err, e.rest)
}

// with returns e with further errors of the scope reachable from it. It is a
// copy: others may be reading e.
func (e *PanicError) with(rest []error) *PanicError {
	if len(rest) == 0 {
		return e
	}
	copied := *e
	copied.of = e.itself()
	all := account{}
	all.add(e.rest...)
	all.add(rest...)
	copied.rest = all.others
	return &copied
}

// itself is the panic without what failed beside it: by that it is known.
func (e *PanicError) itself() *PanicError {
	if e.of != nil {
		return e.of
	}
	return e
}

// AbandonedError says for what Exit no longer waited, after the time given with
// Abandon.
type AbandonedError struct {
	Names []string
}

// Error names what was abandoned.
func (e *AbandonedError) Error() string {
	line := "abandoned"
	for i, name := range e.Names {
		if i > 0 {
			line += ","
		}
		line += " " + name
	}
	return line
}

// interruption is what the end of somebody's context did: it Is both ctx.Err()
// and context.Cause(ctx).
type interruption struct{ err, cause error }

func (e *interruption) Error() string   { return oneLine(e.err) + ": " + oneLine(e.cause) }
func (e *interruption) Unwrap() []error { return []error{e.err, e.cause} }

// interrupted returns the error for a context that has ended.
func interrupted(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || same(err, cause) {
		return err
	}
	return &interruption{err, cause}
}

// overrun is the error of a release that ran longer than it may, or of an
// acquisition: it Is each of the limits.
type overrun struct {
	err    error // what it returned; may be nil
	limits []error
}

func (e *overrun) Error() string {
	line := oneLine(e.limits[0])
	if e.err != nil && !same(e.err, e.limits[0]) {
		line += ": " + oneLine(e.err)
	}
	return line
}

func (e *overrun) Unwrap() []error {
	if e.err == nil {
		return e.limits
	}
	return append([]error{e.err}, e.limits...)
}
