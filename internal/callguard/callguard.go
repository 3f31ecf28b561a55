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

// Call calls f and then end, which is told how f ended. A panic of f stops
// here. A Goexit cannot be stopped: end is then called in a deferred call, and
// the goroutine goes on exiting, so what must happen in any case belongs in end.
func Call(f func(), end func(How)) {
	how := How{Exited: true} // until f or recover says otherwise
	defer func() { end(how) }()
	func() {
		defer func() {
			// recover() == nil alone would not do: it is nil after a Goexit,
			// and after panic(nil) under GODEBUG=panicnil=1.
			if v := recover(); v != nil {
				// Panicked also if a Goexit goes on: this was a deferred call of it.
				how.Value, how.Stack, how.Panicked = v, debug.Stack(), true
			}
		}()
		f()
		how.Exited = false
	}()
	if how.Exited {
		// f did not return, and yet this goroutine goes on: it panicked.
		how.Exited, how.Panicked = false, true
	}
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
