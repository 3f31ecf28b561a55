package work

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/peer"
)

// A kind of resource: what it does while it is opened, and while it is closed.
type kind struct {
	name  string
	about string
	open  func(ctx context.Context)
	close func(ctx context.Context) error
	block bool
	sizes []int
	aims  func(n int) []Target
}

func kinds() []kind {
	nothing := func(context.Context) error { return nil }
	return []kind{
		{
			name: "noop", about: "open and close n resources that do nothing",
			open:  func(context.Context) {},
			close: nothing,
			sizes: []int{1, 2, 10, 100, 1000, 10_000, 1_000_000},
			aims: func(n int) []Target {
				if n < 100 {
					return []Target{ratio(Time, peer.Exitpool, peer.Base, 0.9)}
				}
				aims := []Target{
					ratio(Time, peer.Exitpool, peer.Base, 0.5),
					ratio(Allocs, peer.Exitpool, peer.Base, 0.7),
					ratio(Bytes, peer.Exitpool, peer.Base, 1.0),
				}
				if n == 100 {
					aims = append(aims, ratio(Time, "gather", peer.Base, 0.3))
				}
				return aims
			},
		},
		{
			name: "context", about: "the same, and each calls ctx.Done() once while it is opened",
			open:  func(ctx context.Context) { ctx.Done() },
			close: nothing,
			sizes: []int{1, 10, 100, 10_000},
			aims:  func(int) []Target { return []Target{ratio(Time, peer.Exitpool, peer.Base, 1.0)} },
		},
		{
			name: "spin", about: "each computes 2 µs to open, and again to close",
			open:  func(context.Context) { spin(2 * time.Microsecond) },
			close: func(context.Context) error { spin(2 * time.Microsecond); return nil },
			sizes: []int{1, 10, 100, 10_000},
			aims:  func(int) []Target { return nil },
		},
		{
			name: "block", about: "each blocks 1 ms to open, and again to close",
			open:  func(context.Context) { time.Sleep(time.Millisecond) },
			close: func(context.Context) error { time.Sleep(time.Millisecond); return nil },
			block: true,
			sizes: []int{1, 10, 100, 10_000},
			aims: func(n int) []Target {
				aims := []Target{{Figure: Time, Of: peer.Exitpool, Against: peer.Base, Max: 1.0, Noise: 0.05}}
				if n >= 100 {
					aims = append(aims,
						ratio(Allocs, peer.Exitpool, peer.Base, 0.7),
						ratio(Bytes, peer.Exitpool, peer.Base, 1.0))
				}
				return aims
			},
		},
	}
}

func ratio(f Figure, of, against string, most float64) Target {
	return Target{Figure: f, Of: of, Against: against, Max: most}
}

const huge = 1_000_000

func pools(quick bool) (all []Workload) {
	for _, k := range kinds() {
		for _, n := range k.sizes {
			if quick && n > 1000 {
				continue
			}
			w := Workload{
				Name:    fmt.Sprintf("Pool/work=%s/n=%d", k.name, n),
				About:   k.about,
				Targets: k.aims(n),
				Heavy:   n == huge,
				Cases:   func() []measure.Case { return poolCases(k, n) },
			}
			all = append(all, w)
		}
	}
	return all
}

func poolCases(k kind, n int) (cases []measure.Case) {
	job := k.job(n)
	for _, p := range peer.All() {
		if p.Max > 0 && n > p.Max || k.block && p.Serial && n > 10 {
			continue
		}
		cases = append(cases, measure.Case{Peer: p.Name, Units: n, Op: func(*measure.Timer) {
			must(p.Run(context.Background(), job))
		}})
	}
	return cases
}

// job makes a job of n resources, whose memory is there already.
func (k kind) job(n int) peer.Job {
	conns := make([]peer.Conn, n)
	for i := range conns {
		conns[i].OnClose = k.close
	}
	return peer.Job{
		N: n,
		Open: func(ctx context.Context, i int) (*peer.Conn, error) {
			k.open(ctx)
			return &conns[i], nil
		},
		Body: func(context.Context) error { return nil },
	}
}

// spin computes for about d. It is counted work, so that it is the same for all.
func spin(d time.Duration) {
	turns(int(float64(d) * turnsPerNs))
}

func turns(n int) {
	x := uint64(88172645463325252)
	for range n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	if x == 0 { // it never is, but the compiler does not know
		panic("bench: xorshift reached zero")
	}
}

var turnsPerNs = calibrateSpin()

func calibrateSpin() float64 {
	const n = 100_000
	best := time.Duration(1 << 62)
	for range 5 {
		began := time.Now()
		turns(n)
		best = min(best, time.Since(began))
	}
	return n / float64(best)
}

// failures: one of the resources cannot be opened.
func failures() []Workload {
	const n = 100
	return []Workload{{
		Name:  "Fail/n=100",
		About: "open 100 resources of which the middle one fails, and close what was opened (naive leaks it)",
		Cases: func() (cases []measure.Case) {
			job := kinds()[0].job(n)
			open := job.Open
			fails := errors.New("cannot be opened")
			job.Open = func(ctx context.Context, i int) (*peer.Conn, error) {
				if i == n/2 {
					return nil, fails
				}
				return open(ctx, i)
			}
			for _, p := range peer.All() {
				cases = append(cases, measure.Case{Peer: p.Name, Units: n, Op: func(*measure.Timer) {
					if p.Run(context.Background(), job) == nil {
						panic("bench: " + p.Name + " lost the error")
					}
				}})
			}
			return cases
		},
	}}
}
