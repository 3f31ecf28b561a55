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

// Queue is a queue of items that are run in the order of Add, all at once. It has the
// lock of its owner: what the owner notes at the end of one item, the taking of the
// next and what is noted of that are one step. (A lock of its own was four more to take
// for each member of a pool.) All methods are called with the lock.
//
// The fields are set before the first item is added.
type Queue[T any] struct {
	Mu *sync.Mutex
	// Run runs one item. It is called without the lock, and returns with it. It must
	// not panic.
	Run func(T)
	// Begin, if set, is called with the lock before Run. If it reports false, there is
	// nothing to run.
	Begin func(T) bool
	// Admit, if set, is called before Begin, without the lock, one item at a time and
	// in order. It may block: the items behind wait with it, and cost no goroutine.
	Admit func(T)

	items   []T           // queued, from head on
	head    int           // the first of items that has not been taken
	standby bool          // a goroutine is about to take an item, or is in Admit
	workers int           // goroutines made here that have not ended
	ended   chan struct{} // made by Wait; closed when a worker has ended
}

// AddUnlock queues items, unlocks, and returns at once.
func (q *Queue[T]) AddUnlock(items ...T) {
	if q.head > 32 && q.head > len(q.items)/2 { // else a queue that never runs empty grows for ever
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, items...)
	q.unlock()
}

// Put queues items for the caller, who takes the next: from inside Run, or in a Help
// that follows. The queue may keep the slice.
func (q *Queue[T]) Put(items []T) {
	if len(q.items) == 0 {
		q.items, q.head = items, 0
	} else {
		q.items = append(q.items, items...)
	}
}

// Help makes the calling goroutine a worker until the queue is empty, or until
// somebody else admits.
func (q *Queue[T]) Help() {
	for item, ok := q.takeUnlock(); ok; item, ok = q.takeUnlock() {
		q.Run(item)
	}
}

// Wait waits until all but the given number of the goroutines made here have
// ended. Called when nothing is queued any more; except counts those that are
// known to be stuck in Run.
func (q *Queue[T]) Wait(except int) {
	for q.workers > except {
		if q.ended == nil {
			q.ended = make(chan struct{})
		}
		ended := q.ended
		q.Mu.Unlock()
		<-ended
		q.Mu.Lock()
	}
}

func (q *Queue[T]) work() {
	running := false
	defer func() {
		if running {
			q.Mu.Lock() // the item has ended this goroutine
		}
		q.workers--
		if q.ended != nil {
			close(q.ended)
			q.ended = nil
		}
		q.Mu.Unlock()
	}()
	q.Mu.Lock()
	q.standby = false
	for item, ok := q.takeUnlock(); ok; item, ok = q.takeUnlock() {
		running = true
		q.Run(item)
		running = false
	}
}

// takeUnlock takes the next item, and unlocks if there is one to be run.
func (q *Queue[T]) takeUnlock() (item T, ok bool) {
	var none T
	for q.head < len(q.items) && (q.Admit == nil || !q.standby) {
		item, q.items[q.head] = q.items[q.head], none
		if q.head++; q.head == len(q.items) {
			q.items, q.head = q.items[:0], 0
		}
		if q.Admit != nil {
			q.standby = true // nobody overtakes this item
			q.Mu.Unlock()
			q.Admit(item)
			q.Mu.Lock()
			q.standby = false
		}
		if q.Begin == nil || q.Begin(item) {
			q.unlock()
			return item, true
		}
	}
	return none, false
}

// unlock unlocks, and makes a standby if there has to be one. (It does so after the lock
// is free: the standby begins by taking it.)
func (q *Queue[T]) unlock() {
	make := !q.standby && q.head < len(q.items)
	if make {
		q.standby = true
		q.workers++
	}
	q.Mu.Unlock()
	if make {
		go q.work()
	}
}
