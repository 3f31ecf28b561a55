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
	rows  bool // the events are shown by others

	mu sync.Mutex
	w  io.Writer
}

func (j *journal) printf(format string, args ...any) {
	if j.quiet {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	fmt.Fprintf(j.w, "%7.3fs %s\n", time.Since(j.start).Seconds(), fmt.Sprintf(format, args...))
}

// observe prints what the pool does.
func (j *journal) observe(e exitpool.Event) {
	if j.rows {
		return
	}
	err := e.Err
	if op, ok := err.(*exitpool.OpError); ok && op.Name == e.Name {
		err = op.Err // the line begins with the name
	}
	switch {
	case e.Op == exitpool.OpAcquire && !e.Done:
		j.printf("%s opening", e.Name)
	case e.Op == exitpool.OpAcquire && err == nil:
		j.printf("%s open", e.Name)
	case e.Op == exitpool.OpAcquire && e.Cancelled:
		j.printf("%s cancelled", e.Name)
	case e.Op == exitpool.OpAcquire:
		j.printf("%s not opened: %v", e.Name, err)
	case e.Op == exitpool.OpRun && err != nil && !e.Cancelled:
		j.printf("%s lost: %v", e.Name, err)
	case e.Op != exitpool.OpRelease:
	case !e.Done:
		j.printf("%s closing", e.Name)
	case err != nil:
		j.printf("%s not closed: %v", e.Name, err)
	default:
		j.printf("%s closed", e.Name)
	}
}
