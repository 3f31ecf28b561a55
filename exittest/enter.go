package exittest

import (
	"context"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/exitpool/exitpool"
)

// Enter acquires r for the test, benchmark or subtest, and returns its value. It is
// released when that has ended.
//
// If r cannot be acquired, what it had registered is released and the test ends
// with t.Fatal; so it does if r panics. A t.FailNow or t.SkipNow in r goes on. As with
// those, Enter is for the goroutine of the test.
//
// Each Enter has a stack of its own, which exits in t.Cleanup as that of Stack does:
// newest first, in one order with everything else that is given to t.Cleanup. (A
// t.TempDir made between two Enters is removed after the second resource is
// released and before the first.) What fails in it, a resource that dies while the
// test runs included, is a t.Error that names it; a Push function of a resource is
// told ErrFailed if the test has failed by then, and else what forced the exit of its
// own stack. To let a test know that a resource has died, and others with it, use
// Stack, whose context ends then.
//
// The name of the resource is that of its function, if the option Name gives no
// other. In a loop, b.Loop for example, use exitpool.Use: what is entered there is held
// until the benchmark has ended.
//
// Enter panics if t or r is nil.
func Enter[T any](t testing.TB, r exitpool.Resource[T], opts ...exitpool.EntryOption) T {
	checkTB("Enter", t)
	if r == nil {
		panic("exittest: Enter: nil Resource")
	}
	t.Helper()
	s, body := exitpool.NewStack(alive(t))
	returned := false
	defer func() {
		// testing would make a panic of it, and thus end the binary.
		if !returned && !t.Failed() && !t.Skipped() {
			t.Fatal("exittest: acquire " + funcName(r) + ": " + exitpool.ErrGoexit.Error())
		}
	}()
	v, err := func() (T, error) {
		t.Helper()
		// Now, so that it exits before the functions that r has given to t.Cleanup run.
		defer bind(t, s, body)
		return enter(body, s, r, opts)
	}()
	returned = true
	if err != nil {
		t.Fatal(text(err))
	}
	return v
}

// enter returns also a panic as an error.
func enter[T any](ctx context.Context, s *exitpool.ExitStack, r exitpool.Resource[T], opts []exitpool.EntryOption) (v T, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *exitpool.PanicError:
			err = p
		default: // misuse
			panic(p)
		}
	}()
	return exitpool.Enter(ctx, s, r, named(funcName(r), opts)...)
}

// named gives a resource a name, which opts may replace.
func named(name string, opts []exitpool.EntryOption) []exitpool.EntryOption {
	return append([]exitpool.EntryOption{exitpool.Name(name)}, opts...)
}

// funcName returns the name of a function without the path of its package.
func funcName(f any) string {
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	name = strings.ReplaceAll(name, "[...]", "")
	name = strings.TrimSuffix(name, "-fm") // a method value
	return name[strings.LastIndexByte(name, '/')+1:]
}
