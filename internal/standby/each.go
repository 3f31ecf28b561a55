package standby

import (
	"sync"
	"sync/atomic"
)

// Each runs the items from 0 to N-1 at once, as a Queue does. All of them are there from
// the beginning, so it takes no lock.
type Each struct {
	N   int
	Do  func(int) // runs one item. It must not panic; it may end its goroutine
	End func()    // called once, after the last item has ended

	next    atomic.Int64 // the first that has not been taken
	left    atomic.Int64 // those that have not ended
	standby atomic.Bool  // a goroutine is about to take an item
	helpers sync.WaitGroup
}

// Run makes the calling goroutine a worker until all items are taken.
func (e *Each) Run() {
	e.left.Store(int64(e.N))
	e.work()
}

// Wait waits until the goroutines made here have ended. Called after End.
func (e *Each) Wait() { e.helpers.Wait() }

func (e *Each) work() {
	ran := 0
	defer func() {
		if ran > 0 && e.left.Add(int64(-ran)) == 0 {
			e.End()
		}
	}()
	for {
		i := int(e.next.Add(1)) - 1
		if i >= e.N {
			return
		}
		if i+1 < e.N && !e.standby.Load() && e.standby.CompareAndSwap(false, true) {
			e.helpers.Go(e.help)
		}
		ran++
		e.Do(i)
	}
}

func (e *Each) help() {
	e.standby.Store(false)
	e.work()
}
