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

// releases: what is there already is registered, and released concurrently.
func releases() []Workload {
	const n = 1000
	return []Workload{{
		Name:    "Release/n=1000",
		About:   "register 1000 releases that do nothing, and run them concurrently",
		Targets: []Target{ratio(Time, peer.Exitpool, peer.Base, 0.1)},
		Cases: func() []measure.Case {
			nop := func(context.Context) error { return nil }
			return []measure.Case{
				{Peer: peer.Exitpool, Units: n, Op: func(*measure.Timer) {
					var p exitpool.ExitPool
					for range n {
						p.Defer(nop)
					}
					must(p.Close())
				}},
				{Peer: peer.Base, Units: n, Op: func(*measure.Timer) {
					closers := make([]func(context.Context) error, 0, n)
					for range n {
						closers = append(closers, nop)
					}
					must(releaseAll(context.Background(), closers))
				}},
			}
		},
	}}
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
