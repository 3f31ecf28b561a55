package exittest

import (
	"runtime"
	"testing"
)

// failed reports, in a function given to t.Cleanup, whether the test has failed.
// t.Failed does not know yet of a panic, or of a runtime.Goexit that was neither
// t.FailNow nor t.SkipNow: testing sees those when the functions have run. But
// they are on the call stack then, below the functions. (Nothing else can be: the
// test itself is no longer on it, and what it recovered from is not.)
func failed(t testing.TB) bool {
	if t.Failed() {
		return true
	}
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	for {
		frame, more := frames.Next()
		switch frame.Function {
		case "runtime.gopanic":
			return true
		case "runtime.Goexit":
			return !t.Skipped()
		}
		if !more {
			return false
		}
	}
}
