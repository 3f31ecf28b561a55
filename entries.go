package exitpool

import "slices"

// entry is one thing on a stack: a deferFunc, pushFunc, closer, *task, *member or
// *ExitPool. Functions and pointers cost no allocation in an interface.
type entry struct {
	thing any
	index uint32 // in the stack
}

// entries are what is on a stack. Most stacks are those of members, and have one: that
// stands in the stack itself.
type entries struct {
	oldest entry    // nothing: there are none
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
	if es.oldest.thing != nil && es.rest == nil {
		es.rest = new(firstEntries).empty()
	}
	if es.rest != nil && len(*es.rest) == cap(*es.rest) {
		es.sweep()
	}
	if es.oldest.thing == nil {
		es.oldest = e
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
	newest, es.oldest = es.oldest, entry{}
	return newest
}

func (es *entries) sweep() {
	rest := *es.rest
	kept := rest[:0]
	for _, e := range rest {
		if !e.gone() {
			kept = append(kept, e)
		}
	}
	if es.oldest.gone() {
		es.oldest = entry{}
		if len(kept) > 0 {
			es.oldest = kept[0]
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
	if es.oldest.thing == nil || !yield(es.oldest) || es.rest == nil {
		return
	}
	rest := *es.rest
	for i := 0; i < len(rest) && yield(rest[i]); i++ {
	}
}
