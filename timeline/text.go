package timeline

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/exitpool/exitpool"
)

const (
	textRows     = 40
	leastColumns = 40
	mostProblems = 10
)

// What a cell of a bar is, the more important the later.
const (
	cellNone    = ' '
	cellHeld    = '─' // acquired, and not released
	cellShort   = '╌' // the same, where time is not to scale
	cellBusy    = '░' // being acquired or released, or waiting for another
	cellPath    = '█' // the same, on the critical path
	cellOpen    = '▶' // not ended
	cellFailed  = '✗'
	cellsByRank = string(cellNone) + string(cellShort) + string(cellHeld) + string(cellBusy) + string(cellPath) + string(cellOpen) + string(cellFailed)
)

// WriteText writes the critical paths, the hints, and a line with bars for each
// member, in lines of at most the given number of columns, of which at least 40 are
// used. Left of a bar is the time of the acquisition, right of it that of the release:
//
//	db        1.20 s ████████████───────░░░░░  800 ms
//	api       1.92 s ░░░░░░░░░░░░███████────── 500 ms
//
// A full block is time on the critical path, a light one what was acquired or released
// beside it, or waited; a line is what is held, a broken one where a long time is cut
// short. What has not ended ends in ▶, and what failed in ✗, with the errors below.
//
// The text is UTF-8, and written at once. The error is that of w, wrapped.
func (r *Recorder) WriteText(w io.Writer, columns int) error {
	c := r.chart(textRows)
	t := text{chart: c, columns: max(columns, leastColumns)}
	t.write()
	return flush("text", w, &t.Buffer)
}

// flush writes b to w.
func flush(what string, w io.Writer, b *bytes.Buffer) error {
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("timeline: write %s: %w", what, err)
	}
	return nil
}

type text struct {
	bytes.Buffer
	*chart
	columns int
}

func (t *text) line(format string, args ...any) {
	line := cut(fmt.Sprintf(format, args...), t.columns)
	t.WriteString(strings.TrimRight(line, " ") + "\n")
}

func (t *text) write() {
	if len(t.bars) == 0 {
		t.line("nothing was recorded")
		return
	}
	for _, p := range t.phases {
		for i, s := range p.says() {
			if i == 0 {
				t.line("%-9s %s", p.name, s)
			} else {
				t.line("%-9s %s", "", s)
			}
		}
	}
	t.table()
	problems := t.problems()
	for i, p := range problems {
		if i == mostProblems {
			t.line("✗ … and %d more", len(problems)-i)
			break
		}
		t.line("✗ %s: %s", p.what, p.why)
	}
}

// says is the path of a phase, what is open, and the hints.
func (p phase) says() (lines []string) {
	if len(p.open) > 0 {
		var names []string
		for i, b := range p.open {
			if i == mostInLine {
				names = append(names, fmt.Sprintf("… and %d more", len(p.open)-i))
				break
			}
			names = append(names, label(b.name)+" "+duration(b.took()))
		}
		lines = append(lines, "not over: "+strings.Join(names, ", "))
	}
	if p.path.Elapsed > 0 {
		lines = append(lines, p.path.String())
		all := len(p.path.Hints) == 1 && p.path.Hints[0].Then == "" // it is all there is
		for _, h := range p.path.Hints {
			if len(p.open) == 0 && !all {
				lines = append(lines, h.String())
			}
		}
	}
	return lines
}

// table draws the rows and the axis below them.
func (t *text) table() {
	width := 0
	for _, r := range t.rows {
		width = max(width, columns(r.label()))
	}
	width = min(width, max(8, t.columns/3))
	left, right := len("999 ms"), len("999 ms") // and where one is wider
	for _, r := range t.rows {
		left, right = max(left, columns(r.up.time())), max(right, columns(r.down.time()))
	}
	bar := max(10, t.columns-width-len(" ")-left-len(" ")-len(" ")-right)
	for _, r := range t.rows {
		t.line("%s %*s %s %*s", pad(cut(r.label(), width), width), left, r.up.time(), string(t.cells(r, bar)), right, r.down.time())
	}
	axis := []rune(strings.Repeat(" ", bar+len(" ")+right))
	free := 0
	for _, tick := range t.axis.ticks(max(1, bar/9)) {
		at := min(int(tick.at*float64(bar)), bar-1)
		label := []rune("╵" + tick.label)
		if at >= free && at+len(label) <= len(axis) {
			copy(axis[at:], label)
			free = at + len(label) + 1
		}
	}
	t.line("%*s%s", width+len(" ")+left+len(" "), "", string(axis))
}

// time is how long b took, as text; none of nil.
func (b *bar) time() string {
	if b == nil {
		return ""
	}
	return duration(b.took())
}

func (r row) label() string { return strings.Repeat("  ", min(r.depth, 4)) + label(r.name) }

// cells draws the bars of a row.
func (t *text) cells(r row, n int) []rune {
	cells := []rune(strings.Repeat(string(cellNone), n))
	draw := func(from, to time.Duration, cell rune) {
		first := min(int(t.axis.at(from)*float64(n)), n-1)
		last := max(first, min(int(t.axis.at(to)*float64(n)+0.999)-1, n-1))
		for i := first; i <= last; i++ {
			if strings.IndexRune(cellsByRank, cell) > strings.IndexRune(cellsByRank, cells[i]) {
				cells[i] = cell
			}
		}
	}
	if from, to, ok := r.held(t.end); ok {
		for _, p := range t.axis.pieces {
			if from, to := max(from, p.from), min(to, p.to); from < to {
				if p.short() {
					draw(from, to, cellShort)
				} else {
					draw(from, to, cellHeld)
				}
			}
		}
	}
	for _, b := range append(r.bars(), r.rest...) {
		if b.op != exitpool.OpRun {
			draw(b.began.at, b.over.at, cellBusy)
		}
		for _, s := range t.critical[b] {
			from := s.Start.Sub(t.origin)
			draw(from, from+s.Elapsed, cellPath)
		}
		switch {
		case b.failed():
			draw(b.over.at, b.over.at, cellFailed)
		case b.open:
			draw(b.over.at, b.over.at, cellOpen)
		}
	}
	return cells
}
