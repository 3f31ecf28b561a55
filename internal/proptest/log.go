package proptest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Log is what happened when a program ran, in order. A thing is logged before
// anybody can react to it: the end of a function before it returns, the beginning of
// Exit before the call.
type Log struct {
	mu     sync.Mutex
	start  time.Time
	Events []Event
}

// An Event is one line of the log. ID is of the function, registration, resource,
// holder or scope, as What says.
type Event struct {
	What   What
	ID     int
	By     int // the function that did it; -1: none of the program's
	At     time.Duration
	How    How
	Err    error // what it returned; what the panic's value is as an error
	Value  any   // of a panic
	Ctx    error // of the context that the function got
	Cause  error
	Life   error // of the lifetime context of the member around a release
	Lifed  bool  // there is one
	Extras []End2
}

// End2 is how one more caller of Exit fared.
type End2 struct {
	How How
	Err error
}

type What int

const (
	FnBegin What = iota
	FnEnd
	TaskTold    // the context of the task has ended
	Registering // ID is the registration
	Registered
	EnterEnd // ID is the resource
	PoolMade // ID is the holder
	Started
	GetBegin
	GetEnd
	WaitEnd // ID is the holder
	ReleaseBegin
	ReleaseEnd
	CancelBegin // ID is the holder
	CancelEnd
	CallerCancelled
	ExitBegin // ID is the scope; the body has ended
	ScopeEnd
	BusyBegin // ID is the function: it sleeps, holding its share
	BusyEnd
	RootEnd
)

var whatNames = []string{"begin fn", "end fn", "told task", "registering", "registered", "entered r", "made pool", "started r", "get r", "got r",
	"waited for holder", "release r", "released r", "cancel holder", "cancelled holder", "caller cancelled", "exit of scope", "end of scope",
	"busy", "idle", "root ended"}

// How is how a call ended.
type How int

const (
	Returned How = iota
	Panicked
	Goexited
)

func (l *Log) add(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.At = time.Since(l.start)
	l.Events = append(l.Events, e)
}

// All returns the events so far. What Exit has abandoned may still add some.
func (l *Log) All() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.Events)
}

// String prints the log, one event per line.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for i, e := range l.Events {
		fmt.Fprintf(&b, "%4d %8v %s %d", i, e.At, whatNames[e.What], e.ID)
		if e.By >= 0 {
			fmt.Fprintf(&b, " by #%d", e.By)
		}
		switch {
		case e.How == Panicked:
			fmt.Fprintf(&b, " panic: %v", e.Err)
		case e.How == Goexited:
			fmt.Fprint(&b, " Goexit")
		case e.Err != nil:
			fmt.Fprintf(&b, " error: %v", e.Err)
		}
		if e.Ctx != nil {
			fmt.Fprintf(&b, " (context: %v, %v)", e.Ctx, e.Cause)
		}
		for _, x := range e.Extras {
			fmt.Fprintf(&b, " | other caller: %d %v", x.How, x.Err)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// An Injected is an error, or the value of a panic, that a program makes: the leaf
// by which it is found again.
type Injected struct {
	Fn   int // -1: beside the program
	What string
}

func (e *Injected) Error() string { return fmt.Sprintf("%s-%d", e.What, e.Fn) }

// A Passed is an error of a step that ended the function which took it.
type Passed struct {
	Op  Op
	Err error
}

func (e *Passed) Error() string { return e.Err.Error() }
func (e *Passed) Unwrap() error { return e.Err }

// leaves calls f with every Injected in err; got tells whether it came out of a Get
// or Wait, so that somebody else reports it.
func leaves(err error, f func(leaf *Injected, got bool)) { walk(err, false, f) }

func walk(err error, got bool, f func(*Injected, bool)) {
	switch e := err.(type) {
	case nil:
	case *Injected:
		f(e, got)
	case *Passed:
		walk(e.Err, got || e.Op == OpGet || e.Op == OpWait, f)
	case interface{ Unwrap() error }:
		walk(e.Unwrap(), got, f)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			walk(inner, got, f)
		}
	}
}

func contains(err error, leaf *Injected) bool { return errors.Is(err, leaf) }
