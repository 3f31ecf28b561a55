package exittest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/exitpool/exitpool"
)

// tests is what the fixtures, which are package-level variables, know of the test
// binary. The lock is not held while something is acquired or released.
var tests struct {
	sync.Mutex
	run *run // nil: there has been none
}

// run is a Run of WithFixtures. tests guards it.
type run struct {
	pool *exitpool.ExitPool
	used []used
	over bool
}

// used is a fixture that somebody has asked for. Its member is Optional, of which Exit
// does not tell all.
type used interface {
	// wanted reports whether somebody has got it. Else nobody misses what failed: who
	// asked has the error. tests guards it.
	wanted() bool
	// death returns what it died of. It is exitpool.ErrClosed when the pool has exited.
	death() error
	// left returns what failed in its tasks and releases, when the pool has exited.
	left() []error
}

func begin(opts []exitpool.Option) *run {
	tests.Lock()
	defer tests.Unlock()
	if tests.run != nil && !tests.run.over {
		panic("exittest: Run inside of Run")
	}
	pool, _ := exitpool.NewPool(context.Background(), opts...)
	tests.run = &run{pool: pool}
	return tests.run
}

// end releases the fixtures and returns what failed.
func (r *run) end(status int) []error {
	var cause error
	if status != 0 {
		cause = ErrFailed
	}
	used := r.wanted()
	deaths := make([]error, len(used))
	for i, f := range used {
		deaths[i] = f.death()
	}
	whole := outcome(r.pool, cause)
	r.close()
	errs := failures(whole)
	add := func(err error) {
		if !errors.Is(whole, err) {
			errs = append(errs, err)
		}
	}
	for i, f := range used {
		if deaths[i] == nil { // it may have died since
			deaths[i] = f.death()
			if deaths[i] == exitpool.ErrClosed {
				deaths[i] = nil
			}
		}
		if deaths[i] != nil {
			add(deaths[i])
		}
		for _, err := range f.left() {
			add(err)
		}
	}
	return errs
}

// wanted lists the fixtures that somebody has got.
func (r *run) wanted() []used {
	tests.Lock()
	defer tests.Unlock()
	return slices.DeleteFunc(slices.Clone(r.used), func(f used) bool { return !f.wanted() })
}

func (r *run) close() {
	tests.Lock()
	defer tests.Unlock()
	r.over = true
}
