// Package progress shows what an exitpool scope does while it starts and stops: one line
// for each resource, with its state and its time, drawn anew in place on a terminal. Where
// the output is no terminal each change is a line of its own.
//
//	view := progress.New(os.Stderr)
//	err := exitpool.WithPool(ctx, body, exitpool.Observe(view.Observe))
//	view.Close() // before anything else is written to the terminal
//
// Where there are more resources than lines on the terminal, those that failed and those
// that take longest are shown; Close writes all. Meanwhile others write to the terminal
// through the View, which is an io.Writer:
//
//	log.SetOutput(view)
package progress

import (
	"io"
	"os"
	"sync"

	"github.com/exitpool/exitpool"
	"golang.org/x/term"
)

// View shows a scope. Its methods may be called from any goroutine.
type View struct {
	w    io.Writer
	show display

	mu     sync.Mutex // nothing is written under it
	rows   map[uint64]*row
	closed bool
}

// A display is where rows are shown.
type display interface {
	// changed tells that r, which is new if first, has come to s.
	changed(r *row, s state, first bool)
	write(p []byte) (int, error)
	close() error
}

// New returns a view on w. If w is an *os.File that is a terminal, the lines are drawn
// in place until Close. It panics if w is nil.
func New(w io.Writer) *View {
	if w == nil {
		panic("progress: New: nil Writer")
	}
	v := &View{w: w, rows: map[uint64]*row{}}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		v.show = newLive(f)
	} else {
		v.show = &plain{w: w}
	}
	return v
}

// Observe is for exitpool.Observe. A terminal that is slow, stopped or closed does not
// hold up the scope; another writer does, while it writes. What comes after Close is
// not shown.
func (v *View) Observe(ev exitpool.Event) {
	if ev.Op == exitpool.OpRun && (ev.Err == nil || ev.Cancelled) {
		return // that a task runs is no news
	}
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		return
	}
	r := v.rows[ev.ID]
	first := r == nil
	if first {
		r = &row{label: ev.Name}
		if around := v.rows[ev.Parent]; around != nil {
			r.label = around.label + " › " + ev.Name
		}
		v.rows[ev.ID] = r
	}
	s := stateOf(ev)
	if s.over() {
		delete(v.rows, ev.ID) // a scope may live long
	}
	v.mu.Unlock()
	v.show.changed(r, s, first)
}

// Write writes whole lines above what is drawn, at the next drawing: within a tenth of a
// second. It waits for the terminal. Without a terminal, and after Close, it writes to the
// writer that New was given.
func (v *View) Write(p []byte) (int, error) {
	v.mu.Lock()
	closed := v.closed
	v.mu.Unlock()
	if closed {
		return v.w.Write(p)
	}
	return v.show.write(p)
}

// Close ends the drawing and leaves the last lines where they are. It returns the first
// error of writing. A second call returns the same.
func (v *View) Close() error {
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	return v.show.close()
}
