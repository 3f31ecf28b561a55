// Package callguard calls functions of somebody else and tells the three ways
// apart in which they can end: return, panic and runtime.Goexit.
package callguard

import "runtime/debug"

// How says how a call ended. The zero value is a return.
type How struct {
	Exited   bool   // it ended its goroutine with runtime.Goexit
	Panicked bool   // it panicked (after a Goexit, both can be),
	Value    any    // with this value,
	Stack    []byte // at this place
}

// Call calls f and then end, which is told how f ended; see Try.
func Call(f func(), end func(How)) {
	if Try(f, end) {
		end(How{})
	}
}

// Try calls f and reports whether it returned. If it did not, bad is told how it
// ended. A panic of f stops here. A Goexit cannot be stopped: bad is then called in a
// deferred call, and the goroutine goes on exiting, so what must happen in any case
// belongs in bad.
func Try(f func(), bad func(How)) (returned bool) {
	how := How{Exited: true} // unless recover says otherwise
	defer func() {
		if !returned {
			bad(how)
		}
	}()
	func() {
		defer func() {
			if returned {
				return
			}
			// recover() == nil alone would not do: it is nil after a Goexit,
			// and after panic(nil) under GODEBUG=panicnil=1.
			if v := recover(); v != nil {
				// Panicked also if a Goexit goes on: this was a deferred call of it.
				how.Value, how.Stack, how.Panicked = v, debug.Stack(), true
			}
		}()
		f()
		returned = true
	}()
	if !returned {
		// f did not return, and yet this goroutine goes on: it panicked.
		how.Exited, how.Panicked = false, true
	}
	return returned
}

// A Stepper does a piece of work in steps.
type Stepper interface {
	// Step does the next part and reports whether there is more. It must not
	// panic; it may end its goroutine.
	Step() (more bool)
}

// Loop calls s.Step until it reports false. When a step ends the calling
// goroutine, the rest is done on other goroutines, one at a time, before the
// deferred calls of Loop's caller run. (Going on in the deferred call itself
// was rejected: every further Goexit would nest one level deeper.)
func Loop(s Stepper) {
	done := false
	defer func() {
		if !done {
			elsewhere(s)
		}
	}()
	for s.Step() {
	}
	done = true
}

func elsewhere(s Stepper) {
	for done := false; !done; {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for s.Step() {
			}
			done = true
		}()
		<-ended
	}
}
