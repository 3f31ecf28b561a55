package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/exitpool/exitpool"
)

// A journal prints what happens, each line with the time since the start.
type journal struct {
	start time.Time
	quiet bool

	mu   sync.Mutex
	w    io.Writer
	deaf bool            // the pool has exited
	dead map[string]bool // the machines that died
}

func (j *journal) printf(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.printfLocked(format, args...)
}

func (j *journal) printfLocked(format string, args ...any) {
	if !j.quiet {
		fmt.Fprintf(j.w, "%7.3fs %s\n", time.Since(j.start).Seconds(), fmt.Sprintf(format, args...))
	}
}

// observe prints what the pool does. It is called by many goroutines at once. That
// a machine is ready, StartVM says: only there is the address known.
func (j *journal) observe(e exitpool.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.deaf {
		return
	}
	switch {
	case e.Op == exitpool.OpAcquire && !e.Done:
		j.printfLocked("%s starting", e.Name)
	case e.Op == exitpool.OpAcquire && e.Err != nil:
		j.printfLocked("%s not started: %v", e.Name, reason(e))
	case e.Op == exitpool.OpRun && e.Err != nil:
		j.dead[e.Name] = true
		j.printfLocked("%s died: %v", e.Name, reason(e))
	case e.Op != exitpool.OpRelease, j.dead[e.Name] && !e.Done:
	case !e.Done:
		j.printfLocked("%s shutting down", e.Name)
	case e.Err != nil:
		j.printfLocked("%s not shut down: %v", e.Name, reason(e))
	case j.dead[e.Name]:
		j.printfLocked("%s released", e.Name)
	default:
		j.printfLocked("%s shut down", e.Name)
	}
}

// ignoreEvents is for the time after the pool: with what an abandoned machine ends
// when it is killed, nobody needs to know.
func (j *journal) ignoreEvents() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.deaf = true
}

// reason is the error of an event without the name that the line begins with.
func reason(e exitpool.Event) error {
	if op, ok := e.Err.(*exitpool.OpError); ok && op.Name == e.Name {
		return op.Err
	}
	return e.Err
}
