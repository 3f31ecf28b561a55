package exitpool

import (
	"runtime"
	"runtime/debug"
)

// bodyEnd is how the body of a scope ended.
type bodyEnd uint8

const (
	bodyReturned bodyEnd = iota
	bodyPanicked
	bodyExited
)

// unwind is Unwind of a stack and of a pool: v is what recover returned there.
// exited says that a Goexit is in flight.
func unwind(errp *error, v any, exited bool, exit func(error, bodyEnd) error) {
	if v != nil {
		// In a deferred call: the panic goes on also if a release calls Goexit.
		defer panic(v)
		store(errp, exit(newPanic(v, debug.Stack(), "", func() string { return "" }), bodyPanicked))
		return
	}
	var cause error
	if errp != nil {
		cause = *errp
	}
	if exited {
		store(errp, exit(ErrGoexit, bodyExited))
		return
	}
	err := exit(cause, bodyReturned)
	if errp == nil {
		panic("exitpool: Unwind: nil error pointer")
	}
	*errp = err
}

func store(errp *error, err error) {
	if errp != nil {
		*errp = err
	}
}

// exitingGoroutine reports whether the deferred call of Unwind, which calls it,
// was made by runtime.Goexit. A flag set by the body's return, as in singleflight,
// is not to be had: Unwind does not see the body.
func exitingGoroutine() bool {
	var pcs [1]uintptr
	n := runtime.Callers(3, pcs[:])
	frame, _ := runtime.CallersFrames(pcs[:n]).Next()
	return frame.Function == "runtime.Goexit"
}
