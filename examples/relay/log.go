package main

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/exitpool/exitpool"
)

// Log writes what happens, a line for each thing, and keeps the lines.
type Log struct {
	mu    sync.Mutex
	w     io.Writer
	lines []string
}

// NewLog returns a Log that writes to w.
func NewLog(w io.Writer) *Log { return &Log{w: w} }

// Printf adds a line. It may be called from any goroutine.
func (l *Log) Printf(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	fmt.Fprintln(l.w, "  "+line)
}

// Lines returns the lines so far.
func (l *Log) Lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// Event is for exitpool.Observe. It tells the end of each acquisition, task and
// release.
func (l *Log) Event(e exitpool.Event) {
	if !e.Done {
		return
	}
	var what string
	switch {
	case e.Op == exitpool.OpAcquire && e.Err == nil:
		what = "registered " + e.Name
	case e.Op == exitpool.OpAcquire:
		what = "not registered " + e.Name
	case e.Op == exitpool.OpRelease:
		what = "released " + e.Name
	case e.Name == "Cancel": // of a callback, after Exit has begun
		what = "Cancel came late"
	default:
		what = "reader of " + e.Name + " ended"
	}
	if e.Err != nil {
		what += ": " + e.Err.Error()
	}
	l.Printf("%s", what)
}
