package timeline

import "github.com/exitpool/exitpool"

// startup finds the acquisitions of start-up: the model of those that have ended, and
// those that are open.
func (rec *record) startup() (m *model, open []*bar) {
	m = newModel()
	for _, b := range rec.bars {
		if b.op == exitpool.OpAcquire {
			open = m.place(rec.acquired, b, open)
		}
	}
	for i := range m.spans {
		m.spans[i].awaits = m.indices(m.spans[i].uses)
	}
	return m, open
}

// shutdown finds the releases of shutdown.
func (rec *record) shutdown() (m *model, open []*bar) {
	up, acquiring := rec.startup()
	var last moment // when the last acquisition of start-up began
	for _, b := range append(up.bars(), acquiring...) {
		if last.before(b.began) {
			last = b.began
		}
	}
	m = newModel()
	for _, b := range rec.bars {
		inside := rec.acquired[b.parent] != nil && rec.released[b.parent] == nil // of a member that is held, or failed
		if b.op == exitpool.OpRelease && !inside && !b.began.before(last) {
			open = m.place(rec.released, b, open)
		}
	}
	for i := range m.spans {
		if up := rec.acquired[m.spans[i].id]; up != nil {
			for _, used := range m.indices(up.uses) {
				m.spans[used].after = append(m.spans[used].after, i)
			}
		}
	}
	return m, open
}

// place adds b to the model, or if it has not ended to open, or neither if it came
// after the same operation, one of these, of the member inside which it is. Bars are
// placed in the order in which they began.
func (m *model) place(these map[uint64]*bar, b *bar, open []*bar) []*bar {
	in := these[b.parent]
	for in != nil && in.open {
		outer := these[in.parent]
		if outer != nil && !outer.began.before(in.began) {
			outer = nil // no scope tells that, but it could go round in a circle
		}
		in = outer
	}
	switch {
	case in != nil && (!m.has(in) || !in.contains(b)):
	case b.open:
		open = append(open, b)
	default:
		m.add(b, in)
	}
	return open
}
