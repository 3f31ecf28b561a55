package exitpool

import "github.com/exitpool/exitpool/internal/callguard"

// This file is the way out that most stacks take: plain functions are registered,
// nobody watches them, and they return nil in time. There is nothing to note then,
// so there is no unwinding. Where it does not suffice the unwinding goes on: all that
// is not released yet is on the stack, and so is what came of the last function.

// A progress says how far a stack has glided out. It stands with the caller, because a
// Goexit takes return values away.
type progress uint8

const (
	untouched progress = iota
	begun              // its phase is exiting; the rest is for an unwinding
	finished           // its phase is exited
)

// ended is an entry that has been released, but not well. It takes the place of that
// on the stack until the unwinding notes it.
type ended struct {
	entry
	err error
	how callguard.How
}

// glide releases a member that was kept and is told nil. The caller sees to it that its
// lifetime context ends when the time of the leave is over, and there is no Abandon.
func (m *member) glide(l *leave, to *progress) {
	s := &m.stack
	if m.opts.releaseTimeout >= 0 || s.from().watched() {
		return
	}
	s.mu.Lock()
	if s.phase != open || s.end != nil || s.nests {
		s.mu.Unlock()
		return
	}
	s.phase, *to = exiting, begun
	if s.glideUnlock(l) {
		m.End()
		*to = finished
	}
}

// glideUnlock releases the entries, newest first, as long as that is easy, and reports
// whether there are none left: the stack has exited then.
func (s *ExitStack) glideUnlock(l *leave) bool {
	var left entries
	var e entry
	busy := false
	defer func() {
		if busy {
			s.putBack(left, &ended{e, nil, endedBy(recover())})
		}
	}()
	for {
		left = s.entries.take()
		if left.oldest == nil {
			over := s.end == nil // else there is something to tell, or somebody to wake
			if over {
				s.phase = exited
			}
			s.mu.Unlock()
			return over
		}
		s.mu.Unlock()
		for left.oldest != nil && !s.entries.grown() {
			e = left.pop()
			release, _ := e.thing.(deferFunc)
			c, closes := e.thing.(closer)
			if release == nil && !closes || l.over() { // that asks a standard context
				left.push(e)
				s.putBack(left, nil)
				return false
			}
			busy = true
			var err error
			if closes {
				err = c.Close()
			} else {
				err = release(l.ctx)
			}
			busy = false
			if err = l.late(false, err); err != nil {
				s.putBack(left, &ended{e, err, callguard.How{}})
				return false
			}
		}
		s.mu.Lock()
		s.entries.giveBack(left)
	}
}

// putBack leaves the rest to the unwinding, and what came of the last. That is on top: what
// it has registered runs after that is noted.
func (s *ExitStack) putBack(left entries, last *ended) {
	s.mu.Lock()
	s.entries.giveBack(left)
	if last != nil {
		s.entries.push(entry{last, last.index})
	}
	s.mu.Unlock()
}
