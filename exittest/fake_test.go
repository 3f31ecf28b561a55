package exittest_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// fakeT is a testing.TB that may fail without harm. It does what package testing
// does, as far as exittest asks for it.
type fakeT struct {
	testing.TB
	ctx context.Context

	mu       sync.Mutex
	failed   bool
	skipped  bool
	lines    []string // of Error, Fatal and a panic
	cleanups []func()
}

// test runs body as a test and returns what became of it.
func test(body func(t testing.TB)) *fakeT {
	ctx, cancel := context.WithCancel(context.Background())
	t := &fakeT{ctx: ctx}
	wait(func() {
		defer func() {
			if p := recover(); p != nil {
				t.Error("panic:", p)
			}
		}()
		body(t)
	})
	cancel()
	for len(t.cleanups) > 0 {
		last := len(t.cleanups) - 1
		f := t.cleanups[last]
		t.cleanups = t.cleanups[:last]
		wait(f)
	}
	return t
}

// wait calls f on a goroutine that f may end.
func wait(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func (t *fakeT) Helper()                  {}
func (t *fakeT) Context() context.Context { return t.ctx }
func (t *fakeT) Cleanup(f func())         { t.cleanups = append(t.cleanups, f) }

func (t *fakeT) Failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

func (t *fakeT) Skipped() bool { return t.skipped }

func (t *fakeT) Error(args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = true
	line, _, _ := strings.Cut(strings.TrimSuffix(fmt.Sprintln(args...), "\n"), "\n")
	t.lines = append(t.lines, line)
}

func (t *fakeT) Fatal(args ...any) {
	t.Error(args...)
	runtime.Goexit()
}

func (t *fakeT) FailNow() {
	t.mu.Lock()
	t.failed = true
	t.mu.Unlock()
	runtime.Goexit()
}

func (t *fakeT) SkipNow() {
	t.skipped = true
	runtime.Goexit()
}
