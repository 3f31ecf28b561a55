package work

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/peer"
)

// releases: what is there already is released concurrently.
func releases() []Workload {
	const n = 1000
	nop := func(context.Context) error { return nil }
	cases := func(counted bool) []measure.Case {
		registering := func(t *measure.Timer, f func()) {
			if counted {
				f()
				return
			}
			t.Stop()
			f()
			t.Start()
		}
		return []measure.Case{
			{Peer: peer.Exitpool, Units: n, Op: func(t *measure.Timer) {
				var p exitpool.ExitPool
				registering(t, func() {
					for range n {
						p.Defer(nop)
					}
				})
				must(p.Close())
			}},
			{Peer: peer.Base, Units: n, Op: func(t *measure.Timer) {
				closers := make([]func(context.Context) error, 0, n)
				registering(t, func() {
					for range n {
						closers = append(closers, nop)
					}
				})
				must(releaseAll(context.Background(), closers))
			}},
		}
	}
	return []Workload{
		{
			Name:    "Release/n=1000",
			About:   "release 1000 functions that do nothing, concurrently",
			Targets: []Target{ratio(Time, peer.Exitpool, peer.Base, 0.1)},
			Cases:   func() []measure.Case { return cases(false) },
		},
		{
			Name:  "Register/n=1000",
			About: "register them, and release them",
			Cases: func() []measure.Case { return cases(true) },
		},
	}
}

// releaseAll is the second half of the careful version.
func releaseAll(ctx context.Context, closers []func(context.Context) error) error {
	var (
		g    errgroup.Group
		mu   sync.Mutex
		errs []error
	)
	for _, closer := range closers {
		g.Go(func() error {
			if err := closer(ctx); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
			return nil
		})
	}
	_ = g.Wait() // the errors are in errs
	return errors.Join(errs...)
}
