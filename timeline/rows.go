package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/exitpool/exitpool"
)

// A chart is what a text and a picture show: the same, drawn in two ways.
type chart struct {
	*record
	axis     *axis
	rows     []row
	critical map[*bar][]Step
	phases   []phase
}

// A phase is what is said about start-up or shutdown.
type phase struct {
	name string
	op   exitpool.Op
	path Path
	open []*bar
}

// A row is a member, a function or task of a scope itself, or all that is left.
type row struct {
	name  string
	depth int  // inside how many members
	up    *bar // its acquisition; nil: it has none
	tasks []*bar
	down  *bar   // its release; nil: none yet
	rest  []*bar // of a row for many: they are all that it shows
}

// chart lays out at most n rows.
func (r *Recorder) chart(n int) *chart {
	rec := r.record()
	c := &chart{record: rec, axis: newAxis(rec), critical: map[*bar][]Step{}}
	up, acquiring := rec.startup()
	down, releasing := rec.shutdown()
	c.phases = []phase{
		{"start-up", exitpool.OpAcquire, up.path(rec), acquiring},
		{"shutdown", exitpool.OpRelease, down.path(rec), releasing},
	}
	for i, m := range []*model{up, down} {
		for _, s := range c.phases[i].path.Steps {
			if at, ok := m.index[s.ID]; ok {
				b := m.spans[at].bar
				c.critical[b] = append(c.critical[b], s)
			}
		}
	}
	c.rows = c.choose(rec.tree(), n)
	return c
}

// tree lists the rows in the order in which they began, each before those inside it.
func (rec *record) tree() []row {
	rows := map[uint64]*row{}
	inside := map[uint64][]uint64{}
	for _, b := range rec.bars {
		r := rows[b.id]
		if r == nil {
			in := b.parent
			if rows[in] == nil {
				in = 0
			}
			if b.op == exitpool.OpRun && in != 0 { // it has the name of its member
				rows[in].tasks = append(rows[in].tasks, b)
				continue
			}
			r = &row{name: b.name}
			rows[b.id] = r
			inside[in] = append(inside[in], b.id)
		}
		switch b.op {
		case exitpool.OpAcquire:
			r.up = b
		case exitpool.OpRelease:
			r.down = b
		default:
			r.tasks = append(r.tasks, b)
		}
	}
	var list []row
	type place struct {
		id    uint64
		depth int
	}
	for todo := []place{{}}; len(todo) > 0; { // a loop: nesting may be deep
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if p.id != 0 {
			rows[p.id].depth = p.depth - 1
			list = append(list, *rows[p.id])
		}
		for _, id := range slices.Backward(inside[p.id]) {
			todo = append(todo, place{id, p.depth + 1})
		}
	}
	return list
}

// choose keeps the n most important rows; if there are more, the last is for the rest.
func (c *chart) choose(rows []row, n int) []row {
	if len(rows) <= n {
		return rows
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		ra, rb := rows[a], rows[b]
		return cmp.Or(cmp.Compare(c.class(rb), c.class(ra)), cmp.Compare(ra.longest(c), rb.longest(c))*-1)
	})
	chosen := order[:n-1]
	slices.Sort(chosen)
	keep := map[int]bool{}
	var kept []row
	for _, i := range chosen {
		kept = append(kept, rows[i])
		keep[i] = true
	}
	rest := row{name: fmt.Sprintf("… and %d more", len(rows)-len(kept))}
	for i, r := range rows {
		if !keep[i] {
			rest.rest = append(rest.rest, r.bars()...)
		}
	}
	return append(kept, rest)
}

func (r row) bars() (bars []*bar) {
	for _, b := range append([]*bar{r.up, r.down}, r.tasks...) {
		if b != nil {
			bars = append(bars, b)
		}
	}
	return bars
}

// class is higher for what must not be left out.
func (c *chart) class(r row) (class int) {
	for _, b := range r.bars() {
		switch {
		case b.failed(), b.open && b.op != exitpool.OpRun:
			return 2
		case len(c.critical[b]) > 0:
			class = 1
		}
	}
	return class
}

// longest is the time that an operation of the row took, on the path if one is.
func (r row) longest(c *chart) (most time.Duration) {
	for _, b := range r.bars() {
		var critical time.Duration
		for _, s := range c.critical[b] {
			critical += s.Elapsed
		}
		if b.op != exitpool.OpRun {
			most = max(most, cmp.Or(critical, b.took()))
		}
	}
	return most
}

// held is the time between acquisition and release, or that of a task on a scope.
func (r row) held(end time.Duration) (from, to time.Duration, ok bool) {
	switch {
	case r.up != nil && !r.up.open && r.up.err == nil:
		from, to = r.up.over.at, end
		if r.down != nil {
			to = r.down.began.at
		}
	case r.up == nil && len(r.tasks) > 0:
		from, to = r.tasks[0].began.at, r.tasks[0].over.at
	}
	return from, to, from < to
}

// A problem is what a chart says about a failure.
type problem struct {
	what, why string
}

// problems lists what failed, and what is told without a bar of its own.
func (rec *record) problems() (ps []problem) {
	for _, b := range rec.bars {
		if b.failed() {
			ps = append(ps, problem{string(b.op) + " " + label(b.name), reason(b.name, b.err)})
		}
	}
	for _, n := range rec.notes {
		if n.err != nil {
			ps = append(ps, problem{string(n.op) + " " + label(n.name) + ", late", reason(n.name, n.err)})
		}
	}
	return ps
}

// reason is an error in one line, without the name that stands beside it.
func reason(name string, err error) string {
	if e, ok := err.(*exitpool.OpError); ok && e.Name == name {
		err = e.Err
	}
	return printable(fmt.Sprintf("%v", err))
}
