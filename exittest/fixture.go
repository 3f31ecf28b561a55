package exittest

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/internal/callguard"
)

// Fixture is a resource that the tests of a package share. It is made with
// NewFixture, as a package-level variable. Its methods may be called from any
// goroutine.
type Fixture[T any] struct {
	resource exitpool.Resource[T]
	name     string
	opts     []exitpool.EntryOption

	// Guarded by tests.
	in    *run // of which entry is
	entry *exitpool.Entry[T]
	got   bool // somebody has got the value
}

// NewFixture returns a fixture. It is acquired at its first use, once in a test binary:
// tests, subtests and benchmarks, parallel ones too, share it, also under -count and
// -cpu. One that nobody uses, because of -run for example, is never acquired. All
// are released when the last test has ended, by Main or WithFixtures, without which
// there is no fixture.
//
// A fixture can use others, with Get and the context of its Resource; then it is
// released before them. Those that do not use each other are released concurrently.
//
// If it cannot be acquired, because of an error, a panic or a runtime.Goexit, each
// use fails with that error; there is no second try. If it dies while it is held
// (a task fails, or Cancel is called on its stack), each further use fails with
// that, and the test binary does in the end. Other fixtures are not concerned,
// unless what failed is a panic of a task: then none is acquired any more.
//
// Its name, in errors, is that of the function r, or the line of NewFixture if r
// is a function literal of a package-level variable, unless the option Name gives
// another. NewFixture panics if r or an option is nil.
func NewFixture[T any](r exitpool.Resource[T], opts ...exitpool.EntryOption) *Fixture[T] {
	if r == nil {
		panic("exittest: NewFixture: nil Resource")
	}
	f := &Fixture[T]{resource: r, name: funcName(r), opts: opts}
	if strings.Contains(f.name, ".init.func") || strings.Contains(f.name, ".glob..func") {
		_, file, line, _ := runtime.Caller(1)
		f.name = fmt.Sprintf("%s:%d", filepath.Base(file), line)
	}
	// The options tell the name only to a pool; and here is where they may be wrong.
	var closed exitpool.ExitPool
	closed.Close()
	f.name = exitpool.Start(&closed, r, named(f.name, opts)...).Name()
	return f
}

// Use returns the value of the fixture, which is acquired if this is the first use.
// If there is none the test ends with t.Fatal, which is why Use is for the goroutine of
// the test. The value may be used until the test has ended, in t.Cleanup too.
//
// The Resource of another fixture calls Get instead: with Use it would not be known
// as the user, and a circle would wait for ever.
//
// A fixture cannot be used inside a testing/synctest bubble: it would be acquired by
// goroutines, and with the clock and channels, of a bubble that ends with one test.
// There Use fails, also if the fixture is held already, and so does Get. A value that
// was got before synctest.Test can be used inside, within what synctest says of
// channels from outside. Enter, Stack and Pool work in a bubble.
func (f *Fixture[T]) Use(t testing.TB) T {
	checkTB("Use", t)
	t.Helper()
	v, err := f.Get(context.Background())
	if err != nil {
		t.Fatal(text(err))
	}
	return v
}

// Get is Use where there is no test: in the Resource of another fixture, which
// passes its context and is then released before f; in the Resource of a test; in
// an Example; where a test is rather to be skipped than to fail. It returns the errors
// that Use reports, and waits no longer than ctx for a fixture that another one
// acquires.
//
// Fixtures that use each other in a circle get exitpool.ErrCycle. Get panics if ctx is
// nil.
func (f *Fixture[T]) Get(ctx context.Context) (v T, err error) {
	if ctx == nil {
		panic("exittest: Get: nil Context")
	}
	if inBubble() {
		return v, fmt.Errorf("fixture %s: used inside a synctest bubble, but all tests share it; "+
			"use it before synctest.Test, or acquire a resource of this test with exittest.Enter", f.name)
	}
	e, err := f.begun()
	if err != nil {
		return v, err
	}
	if v, err = e.Get(ctx); err != nil {
		if _, named := err.(*exitpool.OpError); !named {
			err = fmt.Errorf("fixture %s: %w", f.name, err)
		}
		return v, err
	}
	tests.Lock()
	defer tests.Unlock()
	f.got = true
	return v, nil
}

// begun returns the entry of f in the pool of all fixtures, where the first use puts it.
func (f *Fixture[T]) begun() (*exitpool.Entry[T], error) {
	tests.Lock()
	defer tests.Unlock()
	r := tests.run
	if r == nil {
		return nil, fmt.Errorf("fixture %s: nobody would release it, because TestMain does not call exittest.Main; "+
			"add to a _test.go file of the package:\n\n"+
			"\tfunc TestMain(m *testing.M) { exittest.Main(m) }\n\n"+
			"or, in the TestMain that there is, in place of m.Run(): exittest.WithFixtures(m).Run()", f.name)
	}
	if f.in != r {
		// Its failure is its own: it does not end the pool of all.
		opts := append(named(f.name, f.opts), exitpool.Optional())
		f.in, f.got, f.entry = r, false, exitpool.Start(r.pool, f.acquire, opts...)
		r.used = append(r.used, f)
	}
	return f.entry, nil
}

// acquire acquires the resource, on a goroutine of its own: a panic or runtime.Goexit
// is the failure of this fixture, not of all.
func (f *Fixture[T]) acquire(ctx context.Context, s *exitpool.ExitStack) (v T, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		callguard.Call(func() { v, err = f.resource(ctx, s) }, func(how callguard.How) {
			switch {
			case how.Panicked:
				err = panicError(how)
			case how.Exited:
				err = exitpool.ErrGoexit
			}
		})
	}()
	<-done
	return v, err
}

func panicError(how callguard.How) error {
	if p, ok := how.Value.(*exitpool.PanicError); ok { // raised again by a scope inside
		return p
	}
	return &exitpool.PanicError{Value: how.Value, Stack: how.Stack}
}

// death implements used.
func (f *Fixture[T]) death() error {
	_, err := f.entry.Get(context.Background())
	return err
}

// left implements used.
func (f *Fixture[T]) left() []error { return failures(f.entry.Release()) }

// wanted implements used.
func (f *Fixture[T]) wanted() bool { return f.got }
