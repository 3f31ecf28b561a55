package standby_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/exitpool/exitpool/internal/standby"
	"github.com/stretchr/testify/assert"
)

func TestEachOfAThousandMayWaitForAllOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		var meet sync.WaitGroup
		meet.Add(n)
		var ends atomic.Int64
		e := standby.Each{N: n, Do: func(int) { meet.Done(); meet.Wait() }, End: func() { ends.Add(1) }}
		e.Run()
		synctest.Wait()
		e.Wait()
		assert.EqualValues(t, 1, ends.Load())
	})
}

func TestEachIsRunOnceWithFewGoroutinesIfNoneBlocks(t *testing.T) {
	const n = 100_000
	ran := make([]atomic.Int32, n)
	var most atomic.Int64
	ended := make(chan struct{})
	e := standby.Each{N: n, Do: func(i int) {
		ran[i].Add(1)
		most.Store(max(most.Load(), int64(runtime.NumGoroutine())))
	}, End: func() { close(ended) }}
	before := int64(runtime.NumGoroutine())
	e.Run()
	<-ended
	e.Wait()
	for i := range ran {
		if ran[i].Load() != 1 {
			t.Fatalf("item %d ran %d times", i, ran[i].Load())
		}
	}
	assert.Less(t, most.Load()-before, int64(1000))
}

func TestEachMayEndItsGoroutine(t *testing.T) {
	var ran atomic.Int64
	ended := make(chan struct{})
	e := standby.Each{N: 100, Do: func(int) { ran.Add(1); runtime.Goexit() }, End: func() { close(ended) }}
	go e.Run()
	<-ended
	e.Wait()
	assert.EqualValues(t, 100, ran.Load())
}
