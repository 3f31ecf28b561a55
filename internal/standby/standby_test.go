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

func TestAThousandItemsThatWaitForEachOtherFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		var meet sync.WaitGroup
		meet.Add(n)
		q := standby.Queue[int]{Do: func(int) { meet.Done(); meet.Wait() }}
		q.Add(make([]int, n-1)...)
		q.Put([]int{0})
		q.Help()
		meet.Wait()
		q.Wait(0)
	})
}

func TestItemsThatDoNotBlockNeedFewGoroutines(t *testing.T) {
	var ran, most atomic.Int64
	q := standby.Queue[int]{Do: func(int) {
		ran.Add(1)
		most.Store(max(most.Load(), int64(runtime.NumGoroutine())))
	}}
	before := int64(runtime.NumGoroutine())
	q.Put(make([]int, 100_000))
	q.Help()
	q.Wait(0)
	assert.EqualValues(t, 100_000, ran.Load())
	assert.Less(t, most.Load()-before, int64(1000))
}

func TestAnItemMayEndItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran atomic.Int64
		q := standby.Queue[int]{Do: func(int) { ran.Add(1); runtime.Goexit() }}
		for range 100 {
			q.Add(1, 2, 3)
		}
		q.Wait(0)
		assert.EqualValues(t, 300, ran.Load())
	})
}

func TestAdmissionIsInOrderAndOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var admitted []int
		var inside atomic.Int64
		q := standby.Queue[int]{
			Do: func(int) { time.Sleep(time.Second) },
			Admit: func(i int) {
				assert.EqualValues(t, 1, inside.Add(1))
				time.Sleep(time.Millisecond)
				admitted = append(admitted, i)
				inside.Add(-1)
			},
		}
		start := time.Now()
		for i := range 10 {
			q.Add(i)
		}
		q.Wait(0)
		assert.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, admitted)
		assert.Equal(t, time.Second+10*time.Millisecond, time.Since(start))
	})
}

func TestAddingFromManyGoroutinesLosesNothing(t *testing.T) {
	var ran atomic.Int64
	q := standby.Queue[int]{Do: func(int) { ran.Add(1) }}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				q.Add(i)
				if i%10 == 0 {
					q.Help()
				}
			}
		})
	}
	wg.Wait()
	q.Help()
	q.Wait(0)
	assert.EqualValues(t, 8000, ran.Load())
}
