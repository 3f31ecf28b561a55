package exitpool

import (
	"slices"
	"sync/atomic"
)

// entry is one thing on a stack: a deferFunc, pushFunc, closer, *task, *member or
// *ExitPool. Functions and pointers cost no allocation in an interface.
type entry struct {
	thing any
	index uint32 // in the stack
}

// entries are what is on a stack. Most stacks are those of members, and have one: that
// stands in the stack itself.
type entries struct {
	oldest any      // nil: there are none
	index  uint32   // of that
	added  uint32   // atomic: what has been taken is not all any more
	rest   *[]entry // oldest first; nil: there has not been a second one
}

// firstEntries are those for which a stack needs one allocation.
type firstEntries struct {
	rest []entry
	some [7]entry
}

func (f *firstEntries) empty() *[]entry {
	f.rest = f.some[:0]
	return &f.rest
}

// push adds the newest. Before the slice grows, what has ended by itself is swept out
// of it: a stack that lives long forgets its tasks and pools.
func (es *entries) push(e entry) {
	if es.oldest != nil && es.rest == nil {
		es.rest = new(firstEntries).empty()
	}
	if es.rest != nil && len(*es.rest) == cap(*es.rest) {
		es.sweep()
	}
	if es.oldest == nil {
		es.oldest, es.index = e.thing, e.index
		return
	}
	*es.rest = append(*es.rest, e)
}

// pop takes the newest off; nothing: there is none.
func (es *entries) pop() (newest entry) {
	if es.rest != nil {
		if last := len(*es.rest) - 1; last >= 0 {
			newest, (*es.rest)[last] = (*es.rest)[last], entry{}
			*es.rest = (*es.rest)[:last]
			return newest
		}
	}
	newest = entry{es.oldest, es.index}
	es.oldest = nil
	return newest
}

// take takes all, so that they can be popped without a lock until grown says that there
// are newer ones.
func (es *entries) take() entries {
	all := *es
	*es = entries{}
	return all
}

// grow adds the newest to entries that may have been taken.
func (es *entries) grow(e entry) {
	es.push(e)
	atomic.StoreUint32(&es.added, 1)
}

func (es *entries) grown() bool { return atomic.LoadUint32(&es.added) != 0 }

// giveBack undoes take: what was added meanwhile is newer.
func (es *entries) giveBack(left entries) {
	for e := range es.all {
		left.push(e)
	}
	*es = left
}

func (es *entries) sweep() {
	rest := *es.rest
	kept := rest[:0]
	for _, e := range rest {
		if !e.gone() {
			kept = append(kept, e)
		}
	}
	if (entry{thing: es.oldest}).gone() {
		es.oldest = nil
		if len(kept) > 0 {
			es.oldest, es.index = kept[0].thing, kept[0].index
			kept = slices.Delete(kept, 0, 1)
		}
	}
	clear(rest[len(kept):])
	if 2*len(kept) > cap(kept) {
		kept = slices.Grow(kept, cap(kept)) // else every further entry might sweep
	}
	*es.rest = kept
}

// gone reports whether the stack can forget the entry.
func (e entry) gone() bool {
	switch thing := e.thing.(type) {
	case *task:
		return thing.gone()
	case *ExitPool:
		return thing.gone()
	}
	return false
}

// all is an iterator, oldest first.
func (es *entries) all(yield func(entry) bool) {
	if es.oldest == nil || !yield(entry{es.oldest, es.index}) || es.rest == nil {
		return
	}
	rest := *es.rest
	for i := 0; i < len(rest) && yield(rest[i]); i++ {
	}
}
