package exitpool

// members is a list of them: of a pool, or of what is in flight on a stack.
type members struct {
	head, tail *member
	n          int
}

func (l *members) add(m *member) {
	if m.prev = l.tail; m.prev != nil {
		m.prev.next = m
	} else {
		l.head = m
	}
	l.tail = m
	l.n++
}

func (l *members) remove(m *member) {
	if m.prev != nil {
		m.prev.next = m.next
	} else {
		l.head = m.next
	}
	if m.next != nil {
		m.next.prev = m.prev
	} else {
		l.tail = m.prev
	}
	m.prev, m.next = nil, nil
	l.n--
}

// all is an iterator, oldest first.
func (l *members) all(yield func(*member) bool) {
	for m := l.head; m != nil && yield(m); m = m.next {
	}
}
