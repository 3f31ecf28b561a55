package exitpool

// PopAll moves everything that is registered, and the scope's context, to a new
// stack and returns that. The stack stays open and is empty. A constructor hands
// over what it has built in this way; as with contextlib.ExitStack.pop_all, no
// release runs.
//
// Forced exits move too: the death of a resource that was moved ends the new
// stack. Once Exit has begun the new stack is empty. An Enter in flight stays.
func (s *ExitStack) PopAll() *ExitStack {
	to := new(ExitStack)
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.from()
	if s.phase != open {
		to.origin.Store(&origin{ctx: from.ctx, opts: from.opts})
		return to
	}
	to.origin.Store(from)
	to.entries, to.end = s.entries, s.end
	to.asks, to.seq, to.nests = s.asks, s.seq, s.nests
	if s.own != nil { // a member's context stays with the member
		to.origin.Store(&origin{ctx: from.ctx, opts: from.opts})
		to.end = nil
	} else {
		s.end = nil
		s.origin.Store(&origin{ctx: from.ctx, opts: from.opts})
	}
	s.entries, s.seq, s.asks = entries{}, 0, false
	// Only now that the new stack is complete do the things on it learn of it.
	for e := range to.entries.all {
		switch thing := e.thing.(type) {
		case *task:
			thing.in.Store(to)
		case *member:
			thing.in.Store(to)
		case *ExitPool:
			thing.holder.Store(to)
		}
	}
	return to
}
