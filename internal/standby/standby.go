// Package standby runs many functions at once so that none waits for another,
// with goroutines only for those that really block.
//
// One goroutine, the standby, is kept ready while items are queued. It takes
// an item, makes sure that another standby exists if items are left, and runs
// the item. If the item blocks, the new standby takes over and makes the next;
// if it returns at once, the same goroutine takes the next item. A goroutine
// for every item was rejected: ten thousand items that do nothing would cost
// ten thousand goroutines.
//
// What holds whenever the lock is free: if items are queued, a standby exists.
// So an item may end its goroutine (runtime.Goexit) without any hand-over.
package standby

import "sync"

// Queue is a queue of items that are run in the order of Add, all at once.
// The fields Do and Admit are set before the first Add.
type Queue[T any] struct {
	// Do runs one item. It must not panic.
	Do func(T)
	// Admit, if set, is called before Do, one item at a time and in order. It
	// may block: the items behind wait with it, and cost no goroutine.
	Admit func(T)

	mu      sync.Mutex
	items   []T           // queued, from head on; never locked while an item runs
	head    int           // the first of items that has not been taken
	standby bool          // a goroutine is about to take an item, or is in Admit
	workers int           // goroutines made here that have not ended
	ended   chan struct{} // made by Wait; closed when a worker has ended
}

// Add queues items and returns at once.
func (q *Queue[T]) Add(items ...T) {
	if len(items) == 0 {
		return
	}
	q.mu.Lock()
	if q.head > 32 && q.head > len(q.items)/2 { // else a queue that never runs empty grows for ever
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, items...)
	make := q.needStandbyLocked()
	q.mu.Unlock()
	if make {
		go q.work()
	}
}

// Put queues items for a Help of the same goroutine that follows at once. The queue
// may keep the slice.
func (q *Queue[T]) Put(items []T) {
	q.mu.Lock()
	if len(q.items) == 0 {
		q.items, q.head = items, 0
	} else {
		q.items = append(q.items, items...)
	}
	q.mu.Unlock()
}

// Help makes the calling goroutine a worker until the queue is empty, or until
// somebody else admits.
func (q *Queue[T]) Help() {
	for {
		item, ok := q.take(false)
		if !ok {
			return
		}
		q.Do(item)
	}
}

// Wait waits until all but the given number of the goroutines made here have
// ended. Called when nothing is queued any more; except counts those that are
// known to be stuck in Do.
func (q *Queue[T]) Wait(except int) {
	q.mu.Lock()
	for q.workers > except {
		if q.ended == nil {
			q.ended = make(chan struct{})
		}
		ended := q.ended
		q.mu.Unlock()
		<-ended
		q.mu.Lock()
	}
	q.mu.Unlock()
}

func (q *Queue[T]) work() {
	defer func() {
		q.mu.Lock()
		q.workers--
		if q.ended != nil {
			close(q.ended)
			q.ended = nil
		}
		q.mu.Unlock()
	}()
	for first := true; ; first = false {
		item, ok := q.take(first)
		if !ok {
			return
		}
		q.Do(item)
	}
}

// take takes the next item and makes a standby for those behind it.
func (q *Queue[T]) take(standby bool) (item T, ok bool) {
	q.mu.Lock()
	if standby {
		q.standby = false
	}
	if q.head == len(q.items) || q.Admit != nil && q.standby {
		q.mu.Unlock()
		return item, false
	}
	var none T
	item, q.items[q.head] = q.items[q.head], none
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	if q.Admit != nil {
		q.standby = true // nobody overtakes this item
		q.mu.Unlock()
		q.Admit(item)
		q.mu.Lock()
		q.standby = false
	}
	make := q.needStandbyLocked()
	q.mu.Unlock()
	if make {
		go q.work()
	}
	return item, true
}

// needStandbyLocked reports whether the caller has to start a standby, and
// counts it as started.
func (q *Queue[T]) needStandbyLocked() bool {
	if q.standby || q.head == len(q.items) {
		return false
	}
	q.standby = true
	q.workers++
	return true
}
