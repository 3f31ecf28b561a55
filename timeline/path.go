package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Path is the critical path of a phase. Its Steps follow each other in time, and
// the Elapsed of them add up to its own. One with no Steps is that of a phase which
// took no time, or has not been.
type Path struct {
	Start   time.Time
	Elapsed time.Duration
	Steps   []Step
	Hints   []Hint // at most three, that which saves most first
}

// A Step is time that a member took itself. Two steps of one member are two parts of
// its operation, with others between them.
type Step struct {
	ID      uint64 // of the member or function; 0: a gap
	Name    string // "" of a gap
	Start   time.Time
	Elapsed time.Duration
}

// A Hint says what there is to win by making one member faster. Of the members on a
// path, the 16 with most time of their own on it are looked at.
type Hint struct {
	ID    uint64
	Name  string
	Own   time.Duration // its time on the path
	Saves time.Duration // how much less the phase takes if the member needs no time of its own
	Then  string        // the member that leads then; "" if it is the rest of this path
}

const (
	mostHints  = 3
	lookedAt   = 16 // each costs a run of the model
	mostInLine = 8
)

// Startup returns the critical path of start-up, as far as what was acquired has
// ended.
func (r *Recorder) Startup() Path {
	rec := r.record()
	m, _ := rec.startup()
	return m.path(rec)
}

// Shutdown returns the critical path of shutdown, as far as what is being released
// has ended.
func (r *Recorder) Shutdown() Path {
	rec := r.record()
	m, _ := rec.shutdown()
	return m.path(rec)
}

// String returns the path in one line: "1.92 s: db 1.20 s → api 720 ms". It leaves out
// all but the eight longest steps, and those of less than a hundredth of the longest; an
// ellipsis stands where that is a hundredth of the path or more.
func (p Path) String() string {
	var b strings.Builder
	b.WriteString(duration(p.Elapsed))
	shown := p.longest()
	sep, left := ": ", time.Duration(0)
	ellipsis := func() {
		if left > 0 && left*100 >= p.Elapsed {
			b.WriteString(sep + "…")
			sep = " → "
		}
		left = 0
	}
	for i, s := range p.Steps {
		if !shown[i] {
			left += s.Elapsed
			continue
		}
		ellipsis()
		b.WriteString(sep + cmp.Or(label(s.Name), "gap") + " " + duration(s.Elapsed))
		sep = " → "
	}
	ellipsis()
	return b.String()
}

// longest reports which of the steps are worth a place in a line.
func (p Path) longest() map[int]bool {
	order := make([]int, len(p.Steps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.Steps[b].Elapsed, p.Steps[a].Elapsed) })
	shown := map[int]bool{}
	for _, i := range order[:min(len(order), mostInLine)] {
		shown[i] = p.Steps[i].Elapsed*100 >= p.Steps[order[0]].Elapsed
	}
	return shown
}

// String returns the hint as a sentence: "faster db saves up to 300 ms, then cache
// leads".
func (h Hint) String() string {
	switch {
	case h.Saves == 0 && h.Then != "":
		return fmt.Sprintf("faster %s saves nothing: %s takes as long", label(h.Name), label(h.Then))
	case h.Saves == 0:
		return fmt.Sprintf("faster %s saves nothing: others take as long", label(h.Name))
	case h.Then != "":
		return fmt.Sprintf("faster %s saves up to %s, then %s leads", label(h.Name), duration(h.Saves), label(h.Then))
	}
	return fmt.Sprintf("faster %s saves up to %s", label(h.Name), duration(h.Saves))
}

// path is the critical path of the model, which is empty if nothing has ended.
func (m *model) path(rec *record) (p Path) {
	if len(m.spans) == 1 {
		return p
	}
	m.build()
	start := rec.origin.Add(m.spans[0].began.at)
	total, latest := m.run(nobody)
	p = Path{Start: start, Elapsed: total}
	own := make([]time.Duration, len(m.spans)) // of each span on the path
	var by []int
	until := start.Add(total)
	for i := len(m.nodes) - 1; i >= 0; i = latest[i] {
		n := m.nodes[i]
		if n.own == 0 {
			continue
		}
		until = until.Add(-n.own)
		own[n.by] += n.own
		if last := len(p.Steps) - 1; last >= 0 && by[last] == n.by {
			p.Steps[last].Start = until
			p.Steps[last].Elapsed += n.own
			continue
		}
		s := m.spans[n.by]
		p.Steps = append(p.Steps, Step{s.id, s.name, until, n.own})
		by = append(by, n.by)
	}
	slices.Reverse(p.Steps)
	p.Hints = m.hints(total, own)
	return p
}

func (m *model) hints(total time.Duration, own []time.Duration) (hints []Hint) {
	var on []int
	for i := 1; i < len(own); i++ {
		if own[i] > 0 {
			on = append(on, i)
		}
	}
	slices.SortStableFunc(on, func(a, b int) int { return cmp.Compare(own[b], own[a]) })
	for _, i := range on[:min(len(on), lookedAt)] {
		less, latest := m.run(i)
		hints = append(hints, Hint{ID: m.spans[i].id, Name: m.spans[i].name, Own: own[i],
			Saves: total - less, Then: m.leads(latest, own)})
	}
	slices.SortStableFunc(hints, func(a, b Hint) int { return cmp.Compare(b.Saves, a.Saves) })
	return hints[:min(len(hints), mostHints)]
}

// leads names the span that takes most on another path, of those not on the first.
func (m *model) leads(latest []int, own []time.Duration) string {
	found, most := 0, time.Duration(0)
	taken := make(map[int]time.Duration)
	for i := len(m.nodes) - 1; i >= 0; i = latest[i] {
		by := m.nodes[i].by
		taken[by] += m.nodes[i].own
		if by > 0 && own[by] == 0 && taken[by] > most {
			found, most = by, taken[by]
		}
	}
	return m.spans[found].name
}
