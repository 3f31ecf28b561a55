package exitpool_test

import (
	"context"
	"errors"
	"flag"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What follows is not in virtual time: it is left to the scheduler, and to chance,
// what comes first. With -long it takes minutes; without, each has a hundredth.
var long = flag.Bool("long", false, "run the stress tests in full")

// times is how often to do something: n times with -long, a tenth of that under the
// race detector.
func times(n int) int {
	if raceDetector {
		n /= 10
	}
	if !*long {
		n /= 100
	}
	return max(n, 10)
}

// count returns a Resource that counts what is held.
func count(held *atomic.Int64) exitpool.Resource[int] {
	return func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		held.Add(1)
		s.Defer(func(context.Context) error { held.Add(-1); return nil })
		return 1, nil
	}
}

func TestStressCancellationAtTheInstantOfSuccess(t *testing.T) { // R1, R2
	var held atomic.Int64
	for i := range times(1_000_000) {
		caller, cancel := context.WithCancel(context.Background())
		p, ctx := exitpool.NewPool(caller)
		arrived := make(chan struct{})
		e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			close(arrived)
			return count(&held)(ctx, s)
		})
		<-arrived // now it succeeds, and
		switch i % 3 {
		case 0:
			cancel()
		case 1:
			p.Cancel(errBoom)
		case 2:
			go e.Release()
		}
		err := p.Wait(ctx)
		require.True(t, err == nil || errors.Is(err, context.Canceled) || errors.Is(err, errBoom), "%v", err)
		p.Exit(nil)
		cancel()
		require.Zero(t, held.Load())
	}
}

func TestStressTenCallersOfExit(t *testing.T) { // R7
	var held atomic.Int64
	for range times(100_000) {
		p, ctx := exitpool.NewPool(context.Background())
		for range 3 {
			exitpool.Start(p, count(&held))
		}
		p.Defer(fails(errBoom))
		p.Wait(ctx)
		errs := make(chan error, 10)
		for range cap(errs) {
			go func() {
				err := p.Close()
				if held.Load() != 0 {
					err = errors.New("Exit returned before everything was released")
				}
				errs <- err
			}()
		}
		first := <-errs
		require.ErrorIs(t, first, errBoom)
		for range cap(errs) - 1 {
			require.Equal(t, first, <-errs)
		}
	}
}

func TestStressRegistrationAgainstClose(t *testing.T) { // R1, R6
	for range times(200_000) {
		var ran, registered atomic.Int64
		p, s := new(exitpool.ExitPool), new(exitpool.ExitStack)
		release := func(context.Context) error { ran.Add(1); return nil }
		var held atomic.Int64
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for range 5 {
					registered.Add(3)
					p.Defer(release)
					s.Defer(release)
					p.Push(func(ctx context.Context, _ error) error { return release(ctx) })
					exitpool.Start(p, count(&held))
					exitpool.Enter(context.Background(), s, count(&held))
				}
			})
		}
		p.Close()
		s.Close()
		wg.Wait()
		require.Equal(t, registered.Load(), ran.Load())
		require.Zero(t, held.Load())
	}
}

func TestStressReleaseAgainstExit(t *testing.T) { // R10
	for range times(200_000) {
		var held atomic.Int64
		p, ctx := exitpool.NewPool(context.Background())
		var es []*exitpool.Entry[int]
		for range 4 {
			es = append(es, exitpool.Start(p, count(&held)))
		}
		p.Wait(ctx)
		var wg sync.WaitGroup
		for _, e := range es {
			wg.Go(func() { e.Release() })
		}
		require.NoError(t, p.Close())
		require.Zero(t, held.Load())
		wg.Wait()
	}
}

func TestStressAMillionMembersHeld(t *testing.T) { // R1, R9
	var held atomic.Int64
	n := times(1_000_000)
	p, ctx := exitpool.NewPool(context.Background())
	before := runtime.NumGoroutine()
	for range n {
		exitpool.Start(p, count(&held))
	}
	require.NoError(t, p.Wait(ctx))
	assert.Equal(t, int64(n), held.Load())
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() < before+100 }, time.Minute, time.Millisecond, "none for each held member")
	require.NoError(t, p.Close())
	assert.Zero(t, held.Load())
}

func TestStressStartAndReleaseWithAFlatHeap(t *testing.T) { // R10
	var held atomic.Int64
	p, ctx := exitpool.NewPool(context.Background())
	cycles := func(n int) (heap int64) {
		for range n {
			e := exitpool.Start(p, count(&held))
			if _, err := e.Get(ctx); err != nil {
				require.NoError(t, err)
			}
			if err := e.Release(); err != nil {
				require.NoError(t, err)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := cycles(1000)
	assert.Less(t, cycles(times(10_000_000))-before, int64(1<<20))
	require.NoError(t, p.Close())
	assert.Zero(t, held.Load())
}

func TestStressABacklogThatNeverEndsKeepsAFlatHeap(t *testing.T) { // R10, B1
	type job struct {
		e    *exitpool.Entry[int]
		done chan struct{}
	}
	p, ctx := exitpool.NewPool(context.Background(), exitpool.Limit(1))
	start := func() job {
		done := make(chan struct{})
		return job{exitpool.Start(p, func(context.Context, *exitpool.ExitStack) (int, error) { <-done; return 1, nil }), done}
	}
	jobs := []job{start(), start(), start(), start()}
	turns := func(n int) (heap int64) {
		for range n {
			close(jobs[0].done)
			jobs[0].e.Get(ctx)
			jobs[0].e.Release()
			copy(jobs, jobs[1:])
			jobs[3] = start()
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := turns(100)
	assert.Less(t, turns(times(1_000_000))-before, int64(1<<20))
	for _, j := range jobs {
		close(j.done)
	}
	assert.NoError(t, p.Close())
}

func TestStressNestedStacks(t *testing.T) { // R4, R9
	released := 0
	var nest func(ctx context.Context, depth int) error
	nest = func(ctx context.Context, depth int) error {
		if depth == 0 {
			return errBoom
		}
		return exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(func(context.Context) error {
				if released++; released != depth {
					return errOther // not innermost first
				}
				return nil
			})
			return nest(ctx, depth-1)
		})
	}
	assert.Equal(t, errBoom, nest(t.Context(), times(100_000)))

	// And one in the other, as members.
	var held atomic.Int64
	var member func(depth int) exitpool.Resource[int]
	member = func(depth int) exitpool.Resource[int] {
		return func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			if depth > 0 {
				if _, err := exitpool.Enter(ctx, s, member(depth-1)); err != nil {
					return 0, err
				}
			}
			return count(&held)(ctx, s)
		}
	}
	depth := times(10_000)
	err := exitpool.Use(t.Context(), member(depth), func(context.Context, int) error {
		assert.Equal(t, int64(depth+1), held.Load())
		return nil
	})
	assert.NoError(t, err)
	assert.Zero(t, held.Load())
}
