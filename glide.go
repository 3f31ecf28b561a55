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
	var e entry
	busy := false
	defer func() {
		if busy {
			s.putBack(e, nil, endedBy(recover()))
		}
	}()
	for {
		e = s.entries.pop()
		if e.thing == nil {
			over := s.end == nil // else there is something to tell, or somebody to wake
			if over {
				s.phase = exited
			}
			s.mu.Unlock()
			return over
		}
		release, _ := e.thing.(deferFunc)
		c, closes := e.thing.(closer)
		if release == nil && !closes || l.over() { // that asks a standard context
			s.entries.push(e)
			s.mu.Unlock()
			return false
		}
		s.mu.Unlock()
		busy = true
		var err error
		if closes {
			err = c.Close()
		} else {
			err = release(l.ctx)
		}
		busy = false
		if err = l.late(false, err); err != nil {
			s.putBack(e, err, callguard.How{})
			return false
		}
		s.mu.Lock()
	}
}

// putBack leaves to the unwinding what came of an entry. It is on top: what the entry
// has registered runs after that is noted.
func (s *ExitStack) putBack(e entry, err error, how callguard.How) {
	s.mu.Lock()
	s.entries.push(entry{&ended{e, err, how}, e.index})
	s.mu.Unlock()
}
