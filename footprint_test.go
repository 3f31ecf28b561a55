package exitpool_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a scope costs, and what it lets go of. (Goal 5 of the design: less than what a
// careful engineer would write by hand.)

// A block is large enough to be an allocation of its own.
type block [64]byte

// allocs is what f costs.
func allocs(f func()) int { return int(testing.AllocsPerRun(100, f)) }

func closeOf(context.Context) error { return nil }

func TestTheFirstEntriesOfAStackCostNothing(t *testing.T) {
	if raceDetector {
		t.Skip("it allocates, too")
	}
	exit := func(s *exitpool.ExitStack, n int) {
		for range n {
			s.Defer(closeOf)
		}
		s.Close()
	}
	made := func(n int) int {
		return allocs(func() {
			s, _ := exitpool.NewStack(context.Background())
			exit(s, n)
		})
	}
	zero := func(n int) int {
		return allocs(func() { exit(new(exitpool.ExitStack), n) })
	}
	assert.Equal(t, made(0), made(8))
	assert.Equal(t, zero(0), zero(1))
	assert.Equal(t, zero(0)+1, zero(8), "one slice")
}

func TestAFunctionOnAPoolCostsNoAllocationOfItsOwn(t *testing.T) {
	cost := func(n int, opts ...exitpool.Option) int {
		return allocs(func() {
			p, _ := exitpool.NewPool(context.Background(), opts...)
			for range n {
				p.Defer(closeOf)
			}
			p.Close()
		})
	}
	assert.InDelta(t, 0, cost(200)-cost(100), 5)
	assert.InDelta(t, 100, cost(200, exitpool.Grace(time.Hour))-cost(100, exitpool.Grace(time.Hour)), 20, "its release is bounded")
}

func TestAMemberThatIsToldTheCauseCostsOneAllocation(t *testing.T) {
	cost := func(n int) int {
		return allocs(func() {
			p, _ := exitpool.NewPool(context.Background())
			for range n {
				p.Push(func(context.Context, error) error { return nil })
			}
			p.Close()
		})
	}
	if !raceDetector {
		assert.InDelta(t, 100, cost(200)-cost(100), 20)
	}
}

func TestUnwindLooksForAGoexitOnlyWhereAPushAsks(t *testing.T) { // X1
	cost := func(exit func(*exitpool.ExitStack)) int {
		return allocs(func() {
			s, _ := exitpool.NewStack(context.Background())
			exit(s)
		})
	}
	closes := cost(func(s *exitpool.ExitStack) { s.Close() })
	unwinds := cost(func(s *exitpool.ExitStack) {
		var err error
		defer s.Unwind(&err)
	})
	assert.Equal(t, closes, unwinds)
}

func TestAStackForgetsAllTasksThatHaveEndedAtOnce(t *testing.T) { // a scope that lives long holds nothing of them
	bubble(t, func(t *testing.T) {
		s, _ := exitpool.NewStack(t.Context())
		var held []weak.Pointer[block]
		start := func() {
			of := new(block)
			held = append(held, weak.Make(of))
			s.Go(func(context.Context) error { runtime.KeepAlive(of); return nil })
			synctest.Wait()
			runtime.GC()
		}
		for start(); held[0].Value() != nil; start() {
			require.Less(t, len(held), 100)
		}
		for _, of := range held[:len(held)-1] {
			assert.Nil(t, of.Value())
		}
		assert.NoError(t, s.Close())
	})
}

func TestWhatHasEndedIsForgottenAndWhatHasNotIsReleasedInOrder(t *testing.T) { // R1, R4
	bubble(t, func(t *testing.T) {
		var s exitpool.ExitStack
		var j journal
		var want []string
		for i := range 40 { // several sweeps, with and without growth
			for range i % 7 {
				s.Go(func(context.Context) error { return nil })
			}
			synctest.Wait()
			s.Defer(j.release(fmt.Sprint(i)))
			want = append(want, fmt.Sprintf("release %d", i))
		}
		assert.NoError(t, s.Close())
		slices.Reverse(want)
		assert.Equal(t, want, j.all())
	})
}

func TestTheOldestIsForgottenAndThoseAfterItAreReleased(t *testing.T) { // R1, R4
	bubble(t, func(t *testing.T) {
		var s exitpool.ExitStack
		var j journal
		of := new(block)
		held := weak.Make(of)
		s.Go(func(context.Context) error { runtime.KeepAlive(of); return nil })
		synctest.Wait()
		var want []string
		for i := range 20 {
			s.Defer(j.release(fmt.Sprint(i)))
			want = append(want, fmt.Sprintf("release %d", i))
		}
		runtime.GC()
		assert.Nil(t, held.Value())
		assert.NoError(t, s.Close())
		slices.Reverse(want)
		assert.Equal(t, want, j.all())
	})
}

func TestAnExitIsForgottenBeforeItsTimeIsUp(t *testing.T) { // B2, B4: the timers are stopped
	fails := func(context.Context, *exitpool.ExitStack) (int, error) { return 0, errBoom }
	for name, f := range map[string]func(context.Context){
		"stack": func(ctx context.Context) {
			s, _ := exitpool.NewStack(ctx, exitpool.Grace(time.Hour))
			assert.NoError(t, s.Close())
		},
		"pool": func(ctx context.Context) {
			p, _ := exitpool.NewPool(ctx, exitpool.Grace(time.Hour))
			assert.NoError(t, p.Close())
		},
		"failed acquisition in a scope with a grace": func(ctx context.Context) {
			s, _ := exitpool.NewStack(ctx, exitpool.Grace(time.Hour))
			_, err := exitpool.Enter(ctx, s, fails, exitpool.ReleaseTimeout(time.Minute))
			assert.Equal(t, errBoom, err)
			assert.NoError(t, s.Close())
		},
		"failed acquisition with a timeout": func(ctx context.Context) {
			s, _ := exitpool.NewStack(ctx)
			_, err := exitpool.Enter(ctx, s, fails, exitpool.ReleaseTimeout(time.Hour))
			assert.Equal(t, errBoom, err)
			assert.NoError(t, s.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			var held []weak.Pointer[block]
			for range 100 {
				of := new(block)
				held = append(held, weak.Make(of))
				f(context.WithValue(context.Background(), block{}, of))
			}
			runtime.GC()
			held = slices.DeleteFunc(held, func(of weak.Pointer[block]) bool { return of.Value() == nil })
			assert.Less(t, len(held), 50, "the runtime may keep some timers that were stopped")
		})
	}
}

func TestNoGoroutineOutlivesExitByAMoment(t *testing.T) { // R8
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that one that is about to run is still there
	for name, f := range map[string]func() error{
		"acquisitions": func() error {
			return exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
				for range 3 {
					exitpool.Start(p, value(1))
				}
				return p.Wait(ctx)
			})
		},
		"releases": func() error {
			var p exitpool.ExitPool
			for range 3 {
				p.Defer(closeOf)
			}
			return p.Close()
		},
		"releases of members": func() error {
			return exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
				for range 3 {
					exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
						s.Defer(closeOf)
						return 0, nil
					})
				}
				return p.Wait(ctx)
			})
		},
		"failed acquisition": func() error {
			return exitpool.WithStack(context.Background(), func(ctx context.Context, s *exitpool.ExitStack) error {
				_, err := exitpool.Enter(ctx, s, failing(0, errBoom))
				assert.Equal(t, errBoom, err)
				return nil
			}, exitpool.Grace(time.Hour))
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 100 {
				before := runtime.NumGoroutine()
				require.NoError(t, f())
				require.LessOrEqual(t, runtime.NumGoroutine(), before)
			}
		})
	}
}
