package exitpool_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/require"
)

var (
	errBoom  = errors.New("boom")
	errBody  = errors.New("body")
	errOther = errors.New("other")
)

// A journal is what happened, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string{}, j.lines...)
}

func (j *journal) count(line string) (n int) {
	for _, l := range j.all() {
		if l == line {
			n++
		}
	}
	return n
}

// release returns a release that writes its name.
func (j *journal) release(name string) func(context.Context) error {
	return func(context.Context) error {
		j.add("release %s", name)
		return nil
	}
}

// resource returns a Resource that takes d to acquire, or until its context ends,
// and writes its name when it is released.
func (j *journal) resource(name string, d time.Duration) exitpool.Resource[string] {
	return func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
		if err := sleep(ctx, d); err != nil {
			return "", err
		}
		j.add("acquire %s", name)
		s.Defer(j.release(name))
		return name, nil
	}
}

// value returns a Resource that has nothing to release.
func value[T any](v T) exitpool.Resource[T] {
	return func(context.Context, *exitpool.ExitStack) (T, error) { return v, nil }
}

// failing returns a Resource that fails after d.
func failing(d time.Duration, err error) exitpool.Resource[string] {
	return func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
		time.Sleep(d)
		return "", err
	}
}

// stubborn returns a Resource that takes d and ignores its context.
func (j *journal) stubborn(name string, d time.Duration) exitpool.Resource[string] {
	return func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
		time.Sleep(d)
		j.add("acquire %s", name)
		s.Defer(j.release(name))
		return name, nil
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// untilDone is a task that serves until its context ends.
func untilDone(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// elapsed is the virtual time that f takes.
func elapsed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// bubble runs f in virtual time, where a leaked goroutine is a failure too.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// An end is how a call ended.
type end struct {
	err    error
	panic  any
	goexit bool
}

// call runs f on a goroutine of its own and reports how it ended.
func call(f func() error) (e end) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.goexit = true
		defer func() {
			if v := recover(); v != nil {
				e.panic, e.goexit = v, false
			}
		}()
		e.err = f()
		e.goexit = false
	}()
	<-done
	return e
}

func asPanic(t *testing.T, v any) *exitpool.PanicError {
	t.Helper()
	require.IsType(t, (*exitpool.PanicError)(nil), v)
	return v.(*exitpool.PanicError)
}

// events is an observer that keeps what it is told.
type events struct {
	mu  sync.Mutex
	all []exitpool.Event
}

func (e *events) observe(ev exitpool.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

func (e *events) find(ok func(exitpool.Event) bool) (found []exitpool.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.all {
		if ok(ev) {
			found = append(found, ev)
		}
	}
	return found
}

func (e *events) errs() (errs []error) {
	for _, ev := range e.find(func(ev exitpool.Event) bool { return ev.Err != nil }) {
		errs = append(errs, ev.Err)
	}
	return errs
}
