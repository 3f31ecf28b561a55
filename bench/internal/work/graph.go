package work

import (
	"context"
	"fmt"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/peer"
)

// uses lists, for each member, the earlier ones that it uses.
type uses [][]int

func (u uses) edges() (n int) {
	for _, of := range u {
		n += len(of)
	}
	return n
}

func chain(edges int) uses {
	u := make(uses, edges+1)
	for i := 1; i < len(u); i++ {
		u[i] = []int{i - 1}
	}
	return u
}

func fan(edges int) uses {
	u := make(uses, edges+1)
	for i := 1; i < len(u); i++ {
		u[i] = []int{0}
	}
	return u
}

// random has two edges for each member, on average, to different earlier ones.
func random(edges int) uses {
	r := rand.New(rand.NewPCG(1, 2))
	u := make(uses, edges/2)
	for left := edges; left > 0; {
		i := 1 + r.IntN(len(u)-1)
		j := r.IntN(i)
		seen := false
		for _, k := range u[i] {
			seen = seen || k == j
		}
		if !seen {
			u[i] = append(u[i], j)
			left--
		}
	}
	return u
}

func graphs(quick bool) []Workload {
	var all []Workload
	for _, g := range []struct {
		name  string
		shape func(int) uses
	}{{"chain", chain}, {"fan", fan}, {"random", random}} {
		all = append(all, Workload{
			Name:  fmt.Sprintf("Graph/shape=%s/edges=1000", g.name),
			About: "open and close members that use each other, started in order; one unit is a dependency",
			Cases: func() []measure.Case { return graphCases(g.shape(1000)) },
		})
	}
	if quick {
		return all
	}
	return append(all, Workload{
		Name:    "Blocked/edges=10000",
		About:   "a chain that is started from its end, so that every Get blocks; one unit is a dependency",
		Targets: []Target{ratio(Time, "exitpool-10000", "exitpool-1000", 1.5)},
		Cases: func() []measure.Case {
			var cases []measure.Case
			for _, edges := range []int{1000, 10_000} {
				u := chain(edges)
				cases = append(cases,
					measure.Case{Peer: fmt.Sprintf("exitpool-%d", edges), Units: edges, Op: func(*measure.Timer) { must(depend(u, true)) }},
					measure.Case{Peer: fmt.Sprintf("careful-%d", edges), Units: edges, Op: func(*measure.Timer) { must(carefulGraph(u, true)) }})
			}
			return cases
		},
	})
}

func graphCases(u uses) []measure.Case {
	return []measure.Case{
		{Peer: peer.Exitpool, Units: u.edges(), Op: func(*measure.Timer) { must(depend(u, false)) }},
		{Peer: peer.Base, Units: u.edges(), Op: func(*measure.Timer) { must(carefulGraph(u, false)) }},
	}
}

// order yields the members as they are started.
func (u uses) order(fromEnd bool) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range u {
			if fromEnd {
				i = len(u) - 1 - i
			}
			if !yield(i) {
				return
			}
		}
	}
}

func depend(u uses, fromEnd bool) error {
	nop := func(context.Context) error { return nil }
	return exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		es := make([]*exitpool.Entry[int], len(u))
		gate := make(chan struct{})
		for i := range u.order(fromEnd) {
			es[i] = exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				if fromEnd {
					<-gate // es is complete
				}
				for _, j := range u[i] {
					if _, err := es[j].Get(ctx); err != nil {
						return 0, err
					}
				}
				s.Defer(nop)
				return i, nil
			})
		}
		close(gate)
		return p.Wait(ctx)
	})
}

// carefulGraph is what one writes by hand: a channel for each member that is closed
// when it is open, and one that is closed when it is released.
func carefulGraph(u uses, fromEnd bool) error {
	nop := func(context.Context) error { return nil }
	opened, closed := make([]chan struct{}, len(u)), make([]chan struct{}, len(u))
	users := make([][]int, len(u))
	closers := make([]func(context.Context) error, len(u))
	for i, of := range u {
		opened[i], closed[i] = make(chan struct{}), make(chan struct{})
		for _, j := range of {
			users[j] = append(users[j], i)
		}
	}
	open, ctx := errgroup.WithContext(context.Background())
	for i := range u.order(fromEnd) {
		open.Go(func() error {
			for _, j := range u[i] {
				select {
				case <-opened[j]:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			closers[i] = nop
			close(opened[i])
			return nil
		})
	}
	err := open.Wait()
	var release errgroup.Group
	for i, closer := range closers {
		release.Go(func() error {
			defer close(closed[i])
			for _, k := range users[i] {
				<-closed[k]
			}
			if closer == nil {
				return nil
			}
			return closer(context.Background())
		})
	}
	if releaseErr := release.Wait(); err == nil {
		err = releaseErr
	}
	return err
}
