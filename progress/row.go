package progress

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/exitpool/exitpool"
)

// A row is a resource, or a function that is registered on a scope itself.
type row struct {
	label string

	mu    sync.Mutex
	state state
}

// A state is what an event says.
type state struct {
	what  string
	since time.Time
	took  time.Duration // 0: it goes on
	done  bool
	err   error
}

func stateOf(ev exitpool.Event) state {
	s := state{since: ev.Start, took: ev.Elapsed, done: ev.Done, err: ev.Err}
	ended := map[exitpool.Op]string{exitpool.OpAcquire: "held", exitpool.OpRelease: "released"}
	begun := map[exitpool.Op]string{exitpool.OpAcquire: "acquiring", exitpool.OpRelease: "releasing"}
	switch {
	case ev.Cancelled:
		s.what = "cancelled"
	case ev.Err != nil:
		s.what = "failed"
	case ev.Done:
		s.what = ended[ev.Op]
	default:
		s.what = begun[ev.Op]
	}
	return s
}

// over reports whether nothing follows.
func (s state) over() bool { return s.done && s.what != "held" }

func (r *row) set(s state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = s
}

func (r *row) get() state {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

const spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

// line is the row as it is drawn, cut to width columns; 0: not cut.
func (r *row) line(now time.Time, width int) string {
	s := r.get()
	sign, took := " ", s.took
	switch {
	case !s.done:
		took = max(0, now.Sub(s.since))
		frames := []rune(spinner)
		sign = string(frames[int(took/(100*time.Millisecond))%len(frames)])
	case s.what == "failed":
		sign = "✘"
	case s.what == "held" || s.what == "released":
		sign = "✔"
	}
	line := fmt.Sprintf("%s %-24s %-9s %7s", sign, r.label, s.what, short(took))
	if s.what == "failed" {
		line += "  " + oneLine(s.err)
	}
	if runes := []rune(line); width > 0 && len(runes) > width {
		line = string(runes[:width-1]) + "…"
	}
	return line
}

// short is a duration as one reads it in passing.
func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%dms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1fs", d.Seconds())
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(fmt.Sprint(err)), " ")
}
