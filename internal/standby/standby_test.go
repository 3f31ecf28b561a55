package standby_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool/internal/standby"
	"github.com/stretchr/testify/assert"
)

// queue returns a queue with a lock, whose items are run by f.
func queue(f func(int)) *standby.Queue[int] {
	var mu sync.Mutex
	return &standby.Queue[int]{Mu: &mu, Run: func(i int) { f(i); mu.Lock() }}
}

func add(q *standby.Queue[int], items ...int) {
	q.Mu.Lock()
	q.AddUnlock(items...)
}

func help(q *standby.Queue[int], items ...int) {
	q.Mu.Lock()
	q.Put(items)
	q.Help()
	q.Mu.Unlock()
}

func wait(q *standby.Queue[int]) {
	q.Mu.Lock()
	q.Wait(0)
	q.Mu.Unlock()
}

func TestAThousandItemsThatWaitForEachOtherFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		var meet sync.WaitGroup
		meet.Add(n)
		q := queue(func(int) { meet.Done(); meet.Wait() })
		add(q, make([]int, n-1)...)
		help(q, 0)
		meet.Wait()
		wait(q)
	})
}

func TestItemsThatDoNotBlockNeedFewGoroutines(t *testing.T) {
	var ran, most atomic.Int64
	q := queue(func(int) {
		ran.Add(1)
		most.Store(max(most.Load(), int64(runtime.NumGoroutine())))
	})
	before := int64(runtime.NumGoroutine())
	help(q, make([]int, 100_000)...)
	wait(q)
	assert.EqualValues(t, 100_000, ran.Load())
	assert.Less(t, most.Load()-before, int64(1000))
}

func TestAnItemMayEndItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran atomic.Int64
		q := queue(func(int) { ran.Add(1); runtime.Goexit() })
		for range 100 {
			add(q, 1, 2, 3)
		}
		wait(q)
		assert.EqualValues(t, 300, ran.Load())
	})
}

func TestAdmissionIsInOrderAndOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var admitted []int
		var inside atomic.Int64
		q := queue(func(int) { time.Sleep(time.Second) })
		q.Admit = func(i int) {
			assert.EqualValues(t, 1, inside.Add(1))
			time.Sleep(time.Millisecond)
			admitted = append(admitted, i)
			inside.Add(-1)
		}
		start := time.Now()
		for i := range 10 {
			add(q, i)
		}
		wait(q)
		assert.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, admitted)
		assert.Equal(t, time.Second+10*time.Millisecond, time.Since(start))
	})
}

func TestAddingFromManyGoroutinesLosesNothing(t *testing.T) {
	var ran atomic.Int64
	q := queue(func(int) { ran.Add(1) })
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				add(q, i)
				if i%10 == 0 {
					help(q)
				}
			}
		})
	}
	wg.Wait()
	help(q)
	wait(q)
	assert.EqualValues(t, 8000, ran.Load())
}

func TestWhatDoesNotBeginIsNotRunAndHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran, sum atomic.Int64
		q := queue(func(i int) { ran.Add(1); sum.Add(int64(i)) })
		q.Begin = func(i int) bool { return i%2 == 0 }
		q.Admit = func(int) {}
		add(q, 1, 2, 3, 4, 5)
		wait(q)
		assert.EqualValues(t, 2, ran.Load())
		assert.EqualValues(t, 2+4, sum.Load())
	})
}

func TestAnItemMayQueueOthersForItsOwnGoroutine(t *testing.T) {
	var ran []int
	q := queue(nil)
	q.Run = func(i int) {
		ran = append(ran, i)
		q.Mu.Lock()
		if i > 0 {
			q.Put([]int{i - 1})
		}
	}
	help(q, 3)
	wait(q)
	assert.Equal(t, []int{3, 2, 1, 0}, ran)
}
