// Package services starts a service of twelve components, and stops it, in the ways
// among which one would choose. What a component does is sleep.
package services

import (
	"context"
	"time"
)

// Component is a part of the service. It uses earlier ones: it is started after
// them, and stopped before them.
type Component struct {
	Name        string
	Start, Stop time.Duration
	Uses        []int
}

// Graph is a service, in an order in which everything comes after what it uses.
type Graph []Component

// Service returns the twelve components. Latencies are multiplied by scale.
func Service(scale float64) Graph {
	ms := func(n float64) time.Duration { return time.Duration(n * scale * float64(time.Millisecond)) }
	return Graph{
		0:  {"config", ms(20), ms(20), nil},
		1:  {"secrets", ms(120), ms(20), []int{0}},
		2:  {"metrics", ms(30), ms(60), []int{0}},
		3:  {"postgres", ms(400), ms(150), []int{1}},
		4:  {"redis", ms(80), ms(40), []int{1}},
		5:  {"kafka", ms(300), ms(200), []int{1}},
		6:  {"objects", ms(100), ms(20), []int{1}},
		7:  {"search", ms(380), ms(100), []int{0}},
		8:  {"cache", ms(350), ms(20), []int{4}},
		9:  {"worker", ms(60), ms(300), []int{5, 6, 3}},
		10: {"api", ms(100), ms(250), []int{3, 7, 8}},
		11: {"gateway", ms(50), ms(400), []int{2, 10}},
	}
}

func (c Component) open(ctx context.Context) error  { return sleep(ctx, c.Start) }
func (c Component) close(ctx context.Context) error { return sleep(ctx, c.Stop) }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// CriticalPath returns how long starting and stopping take at least.
func (g Graph) CriticalPath() (start, stop time.Duration) {
	up := make([]time.Duration, len(g))   // when it is up
	down := make([]time.Duration, len(g)) // when it is down, since the stopping began
	for i, c := range g {
		for _, j := range c.Uses {
			up[i] = max(up[i], up[j])
		}
		up[i] += c.Start
		start = max(start, up[i])
	}
	for i := len(g) - 1; i >= 0; i-- { // the users of i have been here
		down[i] += g[i].Stop
		for _, j := range g[i].Uses {
			down[j] = max(down[j], down[i])
		}
		stop = max(stop, down[i])
	}
	return start, stop
}

// levels groups the components by the longest way to them.
func (g Graph) levels() (levels [][]Component) {
	depth := make([]int, len(g))
	for i, c := range g {
		for _, j := range c.Uses {
			depth[i] = max(depth[i], depth[j]+1)
		}
		for len(levels) <= depth[i] {
			levels = append(levels, nil)
		}
		levels[depth[i]] = append(levels[depth[i]], c)
	}
	return levels
}
