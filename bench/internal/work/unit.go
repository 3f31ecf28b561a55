package work

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/peer"
)

// Task is the case against which single operations are held: a task of an errgroup
// that does nothing, of a hundred.
const Task = "errgroup-task"

func units() []Workload {
	return []Workload{
		{
			Name:  "Unit/op=enter",
			About: "Enter of a resource that registers a release, on a stack of a hundred, with its share of the release; one unit is one Enter",
			Targets: []Target{
				ratio(Time, peer.Exitpool, Task, 1),
				{Figure: Allocs, Of: peer.Exitpool, Max: 2},
			},
			Cases: against(enter),
		},
		{
			Name:  "Unit/op=get",
			About: "Get on a member that is held, by the body",
			Targets: []Target{
				ratio(Time, peer.Exitpool, Task, 0.1),
				{Figure: Allocs, Of: peer.Exitpool, Max: 0},
			},
			Cases: against(get),
		},
		{
			Name:  "Unit/op=get-again",
			About: "Get on a member that the caller's member uses already",
			Targets: []Target{
				ratio(Time, peer.Exitpool, Task, 0.1),
				{Figure: Allocs, Of: peer.Exitpool, Max: 0},
			},
			Cases: against(getAgain),
		},
		{
			Name:    "Unit/op=edge",
			About:   "the first Get of a member on another that is held: it records the edge",
			Targets: []Target{ratio(Time, peer.Exitpool, Task, 1)},
			Cases:   against(edge),
		},
		{
			Name:    "Unit/op=churn",
			About:   "Start, Get and Release of one member in a pool that lives on",
			Targets: []Target{ratio(Time, peer.Exitpool, Task, 3)},
			Cases:   against(churn),
		},
	}
}

const many = 100

func against(op func() measure.Case) func() []measure.Case {
	return func() []measure.Case {
		return []measure.Case{op(), {Peer: Task, Units: many, Op: func(*measure.Timer) {
			var g errgroup.Group
			for range many {
				g.Go(func() error { return nil })
			}
			must(g.Wait())
		}}}
	}
}

func nopResource(context.Context, *exitpool.ExitStack) (int, error) { return 1, nil }

func nopDeferring(_ context.Context, s *exitpool.ExitStack) (int, error) {
	s.Defer(func(context.Context) error { return nil })
	return 1, nil
}

func enter() measure.Case {
	ctx := context.Background()
	return measure.Case{Peer: peer.Exitpool, Units: many, Op: func(*measure.Timer) {
		var s exitpool.ExitStack
		for range many {
			_, err := exitpool.Enter(ctx, &s, nopDeferring)
			must(err)
		}
		must(s.Close())
	}}
}

// inPool calls f within a pool, while what it needs is held.
func inPool(t *measure.Timer, f func(ctx context.Context, p *exitpool.ExitPool)) {
	t.Stop()
	must(exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		f(ctx, p)
		return nil
	}))
	t.Start()
}

const gets = 10_000

func get() measure.Case {
	return measure.Case{Peer: peer.Exitpool, Units: gets, Op: func(t *measure.Timer) {
		inPool(t, func(ctx context.Context, p *exitpool.ExitPool) {
			e := exitpool.Start(p, nopResource)
			must(p.Wait(ctx))
			t.Start()
			for range gets {
				_, err := e.Get(ctx)
				must(err)
			}
			t.Stop()
		})
	}}
}

func getAgain() measure.Case {
	return measure.Case{Peer: peer.Exitpool, Units: gets, Op: func(t *measure.Timer) {
		inPool(t, func(ctx context.Context, p *exitpool.ExitPool) {
			e := exitpool.Start(p, nopResource)
			must(p.Wait(ctx))
			exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
				_, err := e.Get(ctx)
				must(err)
				t.Start()
				for range gets {
					_, err := e.Get(ctx)
					must(err)
				}
				t.Stop()
				return 0, nil
			})
			must(p.Wait(ctx))
		})
	}}
}

func edge() measure.Case {
	const hubs = 1000
	return measure.Case{Peer: peer.Exitpool, Units: hubs, Op: func(t *measure.Timer) {
		inPool(t, func(ctx context.Context, p *exitpool.ExitPool) {
			es := make([]*exitpool.Entry[int], hubs)
			for i := range es {
				es[i] = exitpool.Start(p, nopResource)
			}
			must(p.Wait(ctx))
			exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
				t.Start()
				for _, e := range es {
					_, err := e.Get(ctx)
					must(err)
				}
				t.Stop()
				return 0, nil
			})
			must(p.Wait(ctx))
		})
	}}
}

func churn() measure.Case {
	const times = 1000
	return measure.Case{Peer: peer.Exitpool, Units: times, Op: func(t *measure.Timer) {
		inPool(t, func(ctx context.Context, p *exitpool.ExitPool) {
			t.Start()
			for range times {
				e := exitpool.Start(p, nopDeferring)
				_, err := e.Get(ctx)
				must(err)
				must(e.Release())
			}
			t.Stop()
		})
	}}
}
