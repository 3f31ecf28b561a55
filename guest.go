package exitpool

import "slices"

// visits remembers that m uses got, between which there is no edge: until m is over,
// got is not released early.
func (m *member) visits(got *member) {
	s := &m.stack
	s.mu.Lock()
	over := s.phase >= drained // it has nothing to release any more
	if e := s.endingLocked(); !over && !slices.Contains(e.guest, got) {
		e.guest = append(e.guest, got)
	}
	s.mu.Unlock()
	if over {
		got.leaves(m)
	}
}

// leaves says that guest is over.
func (m *member) leaves(guest *member) {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	delete(m.more.guests, guest)
}

// over ends the lifetime of m, and what it used elsewhere may be released. It
// returns what nobody else reports.
func (m *member) over() (strays []error) {
	m.End()
	s := &m.stack
	s.mu.Lock()
	var guest []*member
	if e := s.end; e != nil {
		guest, e.guest = e.guest, nil
		strays = e.stray
	}
	s.mu.Unlock()
	for _, got := range guest {
		got.leaves(m)
	}
	return strays
}
