package work

import (
	"context"
	"errors"
	"fmt"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/peer"
)

// stacks: k functions are registered and run, newest first.
func stacks() (all []Workload) {
	for _, k := range []int{4, 8, 10, 1000} {
		w := Workload{
			Name:  fmt.Sprintf("Stack/k=%d", k),
			About: "register k functions that do nothing, and run them, newest first",
			Cases: func() []measure.Case { return stackCases(k) },
		}
		switch k {
		case 8:
			w.Targets = []Target{{Figure: Allocs, Of: peer.Exitpool, Max: 1.0 / 8}}
		case 10:
			w.Targets = []Target{
				ratio(Time, peer.Exitpool, "slice", 1.3),
				ratio(Time, peer.Exitpool, "defer-loop", 1.0),
			}
		}
		all = append(all, w)
	}
	return all
}

func stackCases(k int) []measure.Case {
	ctx := context.Background()
	f := func(context.Context) error { return nil }
	type way struct {
		name string
		op   func() error
	}
	ways := []way{
		{peer.Exitpool, func() error {
			var s exitpool.ExitStack
			for range k {
				s.Defer(f)
			}
			return s.Close()
		}},
		{"with-stack", func() error {
			return exitpool.WithStack(ctx, func(_ context.Context, s *exitpool.ExitStack) error {
				for range k {
					s.Defer(f)
				}
				return nil
			})
		}},
		{"slice", func() error { return slice(ctx, k, f) }},
		{"cleanup", func() error {
			var c peer.Cleanups
			for range k {
				c.Add(f)
			}
			return c.Run(ctx)
		}},
		{"defer-loop", func() error { return deferLoop(ctx, k, f) }},
	}
	switch k {
	case 4:
		ways = append(ways, way{"defer-static", func() error { return deferFour(ctx, f) }})
	case 10:
		ways = append(ways, way{"defer-static", func() error { return deferTen(ctx, f) }})
	}
	var cases []measure.Case
	for _, w := range ways {
		cases = append(cases, measure.Case{Peer: w.name, Units: k, Op: func(*measure.Timer) { must(w.op()) }})
	}
	return cases
}

type function = func(context.Context) error

// slice is the bare slice of functions. It grows, as the size is not known.
func slice(ctx context.Context, k int, f function) error {
	var fs []function
	for range k {
		fs = append(fs, f)
	}
	var errs []error
	for i := len(fs) - 1; i >= 0; i-- {
		if err := fs[i](ctx); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func deferLoop(ctx context.Context, k int, f function) (err error) {
	var errs []error
	defer func() { err = errors.Join(errs...) }()
	for range k {
		defer keep(&errs, ctx, f)
	}
	return nil
}

func deferFour(ctx context.Context, f function) (err error) {
	var errs []error
	defer func() { err = errors.Join(errs...) }()
	defer keep(&errs, ctx, f)
	defer keep(&errs, ctx, f)
	defer keep(&errs, ctx, f)
	defer keep(&errs, ctx, f)
	return nil
}

// deferTen has more than the eight that the compiler opens.
func deferTen(ctx context.Context, f function) (err error) {
	var errs []error
	defer func() { err = errors.Join(errs...) }()
	defer keep(&errs, ctx, f)
	defer keep(&errs, ctx, f)
	defer keep(&errs, ctx, f)
	defer keep(&errs, ctx, f)
	defer keep(&errs, ctx, f)
	defer keep(&errs, ctx, f)
	defer keep(&errs, ctx, f)
	defer keep(&errs, ctx, f)
	defer keep(&errs, ctx, f)
	defer keep(&errs, ctx, f)
	return nil
}

func keep(errs *[]error, ctx context.Context, f function) {
	if err := f(ctx); err != nil {
		*errs = append(*errs, err)
	}
}
