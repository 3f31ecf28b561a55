// Package scale measures what a member of a large pool costs while it is acquired,
// while it is held, and while it is released.
package scale

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/exitpool/exitpool"
)

// Phase is what one phase cost, for one member.
type Phase struct {
	Work, Name string
	N          int
	Ns         float64 // of the phase, without what the members themselves wait for
	Bytes      float64 // heap in use after a collection, and stacks
	Goroutines float64
}

// Instant runs a pool of n members that do nothing. The goroutines are the most that
// there were at once.
func Instant(n int) ([]Phase, error) {
	return run("noop", n, func(context.Context) {}, func(context.Context) {}, nil)
}

// Blocked runs a pool of n members that all wait in their acquisition, and again in
// their release, until all of them do: a goroutine each.
func Blocked(n int) ([]Phase, error) {
	var waiting [2]atomic.Int64
	gates := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	all := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	wait := func(i int) func(context.Context) {
		return func(context.Context) {
			if waiting[i].Add(1) == int64(n) {
				close(all[i])
			}
			<-gates[i]
		}
	}
	return run("block", n, wait(0), wait(1), func(i int) func(look func()) {
		return func(look func()) {
			<-all[i]
			look()
			close(gates[i])
		}
	})
}

// run measures the phases. Where members block, amid looks at them when all do.
func run(work string, n int, open, closing func(context.Context), amid func(i int) func(look func())) ([]Phase, error) {
	empty := inUse()
	phases := make([]Phase, 3)
	for i, name := range []string{"acquiring", "held", "releasing"} {
		phases[i] = Phase{Work: work, Name: name, N: n}
	}
	var p exitpool.ExitPool
	// measured runs one phase, and counts goroutines and bytes in the midst of it.
	measured := func(i, gate int, f func() error) error {
		began := time.Now()
		looked := make(chan time.Duration, 1)
		most := watch()
		go func() {
			var took time.Duration
			if amid != nil {
				amid(gate)(func() {
					at := time.Now()
					phases[i].Bytes = (inUse() - empty) / float64(n)
					took = time.Since(at)
				})
			}
			looked <- took
		}()
		err := f()
		phases[i].Ns = float64(time.Since(began)-<-looked) / float64(n)
		phases[i].Goroutines = float64(most()) / float64(n)
		return err
	}
	entries := make([]*exitpool.Entry[int], 0, 1) // the caller keeps one only
	err := measured(0, 0, func() error {
		release := func(ctx context.Context) error { closing(ctx); return nil }
		for i := range n {
			e := exitpool.Start(&p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				open(ctx)
				s.Defer(release)
				return i, nil
			})
			if i == 0 {
				entries = append(entries, e)
			}
		}
		return p.Wait(context.Background())
	})
	if err == nil {
		phases[1].Bytes = (inUse() - empty) / float64(n)
		phases[1].Goroutines = float64(runtime.NumGoroutine()-idle) / float64(n)
	}
	if closeErr := measured(2, 1, p.Close); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("scale: %w", err)
	}
	runtime.KeepAlive(entries)
	return phases, nil
}

// idle is how many goroutines there are in a program that does nothing.
const idle = 1

// inUse returns the bytes of heap and stacks after a collection.
func inUse() float64 {
	runtime.GC()
	runtime.GC() // what the first found, the second frees
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// watch counts goroutines until most is called, beside its own and two more.
func watch() (most func() int) {
	stop, highest := make(chan struct{}), make(chan int)
	go func() {
		top := 0
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			top = max(top, runtime.NumGoroutine()-idle-2)
			select {
			case <-tick.C:
			case <-stop:
				highest <- max(top, 0)
				return
			}
		}
	}()
	return func() int { close(stop); return <-highest }
}
