package timeline

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// A model is a phase as a graph: each operation has a beginning and an end, and each
// of these comes some time after the last of those that it waits for. With the times
// that were recorded it gives what was recorded; with others, what would have been.
//
// Every wait leads from an earlier moment to a later one, so there is no circle.
type model struct {
	spans []span // the first is the phase itself
	index map[uint64]int
	nodes []node // in the order of their moments; made by build
}

// A span is an operation of the phase.
type span struct {
	*bar
	in     int   // the span that contains it
	inside []int // those that it contains, in the order of their ends
	awaits []int // it went on when these had ended
	after  []int // it began when these had ended
}

// A node is the beginning or the end of a span.
type node struct {
	own   time.Duration // the time it takes after the last of
	waits []int         // these nodes
	by    int           // the span whose time that is
}

func newModel() *model {
	return &model{spans: []span{{bar: &bar{}}}, index: map[uint64]int{}}
}

func (m *model) has(b *bar) bool {
	i, ok := m.index[b.id]
	return ok && m.spans[i].bar == b
}

func (m *model) add(b, in *bar) {
	s := span{bar: b}
	if in != nil {
		s.in = m.index[in.id]
	}
	m.index[b.id] = len(m.spans)
	m.spans[s.in].inside = append(m.spans[s.in].inside, len(m.spans))
	m.spans = append(m.spans, s)
}

func (m *model) bars() (bars []*bar) {
	for _, s := range m.spans[1:] {
		bars = append(bars, s.bar)
	}
	return bars
}

func (m *model) indices(ids []uint64) (found []int) {
	for _, id := range ids {
		if i, ok := m.index[id]; ok {
			found = append(found, i)
		}
	}
	return found
}

// build makes the nodes. The model is not changed afterwards.
func (m *model) build() {
	root := m.spans[0].bar
	root.began, root.over = m.spans[1].began, m.spans[1].over
	for _, s := range m.spans[1:] {
		if s.began.before(root.began) {
			root.began = s.began
		}
		if root.over.before(s.over) {
			root.over = s.over
		}
	}
	root.began.seq, root.over.seq = -1, root.over.seq+1
	for i := range m.spans {
		slices.SortFunc(m.spans[i].inside, func(a, b int) int { return m.spans[a].over.compare(m.spans[b].over) })
	}
	at, moments := m.order()
	m.nodes = make([]node, len(moments))
	for i := range m.spans {
		m.begin(i, at)
		m.end(i, at)
	}
}

// order numbers the nodes: span i begins at at[2*i] and ends at at[2*i+1].
func (m *model) order() (at []int, moments []moment) {
	for _, s := range m.spans {
		moments = append(moments, s.began, s.over)
	}
	sorted := make([]int, len(moments))
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortFunc(sorted, func(a, b int) int { return cmp.Or(moments[a].compare(moments[b]), cmp.Compare(a, b)) })
	at = make([]int, len(moments))
	for place, i := range sorted {
		at[i] = place
	}
	return at, moments
}

// begin makes the node of the beginning of span i: it came after the last that ended
// in the span that contains it, after what that had got by then, and all in after.
func (m *model) begin(i int, at []int) {
	if i == 0 {
		return
	}
	s := m.spans[i]
	in := m.spans[s.in]
	n := node{by: s.in, waits: []int{at[2*s.in]}}
	last := in.began
	wait := func(on int) {
		over := m.spans[on].over
		n.waits = append(n.waits, at[2*on+1])
		if last.before(over) {
			last = over
		}
	}
	for _, on := range s.after {
		if m.during(on, in.began, s.began) {
			wait(on)
		}
	}
	k := sort.Search(len(in.inside), func(k int) bool { return !m.spans[in.inside[k]].over.before(s.began) })
	if k > 0 {
		wait(in.inside[k-1])
	}
	for got := range m.awaited(s.in) {
		if m.during(got, in.began, s.began) {
			wait(got)
		}
	}
	n.own = s.began.at - last.at
	m.nodes[at[2*i]] = n
}

// end makes the node of the end of span i: it came after the ends of what is inside
// it, and of what it waited for.
func (m *model) end(i int, at []int) {
	s := m.spans[i]
	n := node{by: i, waits: []int{at[2*i]}}
	last := s.began
	wait := func(on int) {
		if over := m.spans[on].over; m.during(on, s.began, s.over) {
			n.waits = append(n.waits, at[2*on+1])
			if last.before(over) {
				last = over
			}
		}
	}
	for _, on := range s.inside {
		wait(on)
	}
	for on := range m.awaited(i) {
		wait(on)
	}
	n.own = s.over.at - last.at
	m.nodes[at[2*i+1]] = n
}

// during reports whether span i ended between two moments.
func (m *model) during(i int, from, to moment) bool {
	return from.before(m.spans[i].over) && m.spans[i].over.before(to)
}

// awaited gives what a span, or one that contains it, waited for.
func (m *model) awaited(i int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for ; i > 0; i = m.spans[i].in {
			for _, on := range m.spans[i].awaits {
				if !yield(on) {
					return
				}
			}
		}
	}
}

// nobody is an argument of run.
const nobody = -1

// run gives the time that the phase takes if span idle takes none of its own, and for
// each node the one that it waited for longest.
func (m *model) run(idle int) (total time.Duration, latest []int) {
	done := make([]time.Duration, len(m.nodes))
	latest = make([]int, len(m.nodes))
	for i, n := range m.nodes {
		latest[i] = -1
		for _, on := range n.waits {
			if latest[i] < 0 || done[on] > done[latest[i]] || done[on] == done[latest[i]] && on > latest[i] {
				latest[i] = on
			}
		}
		if latest[i] >= 0 {
			done[i] = done[latest[i]]
		}
		if n.by != idle {
			done[i] += n.own
		}
	}
	return done[len(done)-1], latest
}
