package exittest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/internal/callguard"
)

// ErrFailed is what functions given to Push are told when the test failed, and
// those of fixtures when a test of the binary did: a reason to keep logs and files.
var ErrFailed = errors.New("exittest: the test failed")

// Stack returns a stack that exits when the test, benchmark or subtest has ended,
// and the context for what the test does meanwhile.
//
// It exits in t.Cleanup, so it takes its place among the functions given to that:
// what was registered later runs before. All subtests have ended by then. What
// failed in it is a t.Error each: a release, a task, and the cause of a forced
// exit, whether or not the test looked at its context. So is a panic, with its
// stack, and runtime.Goexit; neither ends the test binary. That the test has
// called Exit itself does not change that: a test that wants a release to fail
// makes its stack with exitpool.NewStack.
//
// If the test has failed by then, in whatever way, a panic included, Push functions are
// told ErrFailed. That is not reported.
//
// The context is t.Context() that a forced exit cancels too, with its cause. The stack
// itself outlives it: in t.Cleanup, where that context has ended, things can still be
// acquired on it with another one, context.WithoutCancel(ctx) for example, and their
// contexts and those of releases are alive (so it is not made on t.Context(), but
// without its end).
//
// Stack panics if t is nil.
func Stack(t testing.TB, opts ...exitpool.Option) (*exitpool.ExitStack, context.Context) {
	checkTB("Stack", t)
	t.Helper()
	s, body := exitpool.NewStack(alive(t), opts...)
	return s, bind(t, s, body)
}

// Pool returns a pool that exits when the test has ended, and the context for what
// the test does meanwhile. All that Stack says holds here too.
//
// A member that cannot be acquired makes the test fail, also if the test does not
// Wait for it. What is still being acquired when the test ends is cancelled, and
// that is no failure.
func Pool(t testing.TB, opts ...exitpool.Option) (*exitpool.ExitPool, context.Context) {
	checkTB("Pool", t)
	t.Helper()
	p, body := exitpool.NewPool(alive(t), opts...)
	return p, bind(t, p, body)
}

func checkTB(call string, t testing.TB) {
	if t == nil {
		panic("exittest: " + call + ": nil TB")
	}
}

// alive is the context on which a scope is made. With t.Context() itself, what is in
// flight at the end would be cut off by the caller and thus be an error, and nothing
// could be acquired in t.Cleanup.
func alive(t testing.TB) context.Context { return context.WithoutCancel(t.Context()) }

// scope is a stack or a pool.
type scope interface {
	Exit(cause error) error
}

// bind has s exited when t has ended. It returns the context for the test: body,
// which forced exit cancels, that ends with t.Context() too. Else a function given to
// t.Cleanup later that waits for something bound to it would wait for ever.
func bind(t testing.TB, s scope, body context.Context) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancelCause(body)
	end := t.Context()
	unwatch := context.AfterFunc(end, func() { cancel(context.Cause(end)) })
	t.Cleanup(func() {
		t.Helper()
		defer cancel(nil)
		defer unwatch()
		exit(t, s)
	})
	return ctx
}

// exit exits s and reports what failed.
func exit(t testing.TB, s scope) {
	t.Helper()
	var cause error
	before := failed(t)
	if before {
		cause = ErrFailed
	}
	errs := failures(outcome(s, cause))
	told := !before && t.Failed() // by a t.FailNow, which is a Goexit, or a t.Error before
	for _, err := range errs {
		if err != exitpool.ErrGoexit || !told {
			t.Error(text(err))
		}
	}
}

// outcome exits s and returns all that came of it, also what Exit raises. It does so
// on a goroutine of its own, which a runtime.Goexit may end: the caller's has more
// to do.
func outcome(s scope, cause error) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		callguard.Call(func() { err = s.Exit(cause) }, func(how callguard.How) {
			if how.Panicked || how.Exited {
				err = s.Exit(nil) // that of the first call
			}
		})
	}()
	<-done
	return err
}

// failures lists what is to be reported of the outcome of a scope.
func failures(err error) []error {
	if err == nil || err == ErrFailed {
		return nil
	}
	e, ok := err.(*exitpool.ExitError)
	if !ok {
		return []error{err}
	}
	return append(failures(e.Cause), e.Failures...)
}

// text is what a test prints of err: one line, and of a panic the stack.
func text(err error) string {
	s := "exittest: " + err.Error()
	if p, ok := errors.AsType[*exitpool.PanicError](err); ok && !strings.Contains(s, string(p.Stack)) {
		s += "\n\n" + string(p.Stack)
	}
	return s
}
