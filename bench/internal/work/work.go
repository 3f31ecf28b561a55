// Package work is what is measured: each Workload is one piece of work done by
// several cases in turns, with what is aimed at beside it.
package work

import (
	"fmt"

	"github.com/exitpool/exitpool/bench/internal/measure"
)

// Workload is one piece of work. Its name is a path, as benchmarks have it; those
// with one first element share a file of results.
type Workload struct {
	Name    string
	About   string // of the first of a family: what one operation is
	Targets []Target
	// Heavy work takes seconds for one operation: fewer rounds.
	Heavy bool
	// Cases makes the cases. What they share is made then, and not before.
	Cases func() []measure.Case
}

// Figure is what of a measurement a Target is about.
type Figure string

const (
	Time   Figure = "time"
	Bytes  Figure = "bytes"
	Allocs Figure = "allocations"
)

// Of returns the figure of a sample.
func (f Figure) Of(s measure.Sample) float64 {
	switch f {
	case Time:
		return s.Ns
	case Bytes:
		return s.Bytes
	case Allocs:
		return s.Allocs
	}
	panic("bench: no such figure: " + string(f))
}

// Target is an upper bound of a figure for one unit: of the ratio of a case to
// another, or, without Against, of the figure itself.
type Target struct {
	Figure  Figure
	Of      string
	Against string
	Max     float64
	Noise   float64 // how much above Max is called noise
}

func (t Target) String() string {
	if t.Against == "" {
		return fmt.Sprintf("%s of %s", t.Figure, t.Of)
	}
	return fmt.Sprintf("%s of %s / %s", t.Figure, t.Of, t.Against)
}

// Value returns the figure.
func (t Target) Value(all []measure.Series) (s measure.Spread, ok bool) {
	of, ok := find(all, t.Of)
	if !ok {
		return s, false
	}
	if t.Against == "" {
		return of.Of(t.Figure.Of), true
	}
	against, ok := find(all, t.Against)
	if !ok {
		return s, false
	}
	return of.Over(against, t.Figure.Of), true
}

// Met reports whether a figure meets the target. An absolute count is met within what
// the runtime itself allocates now and then.
func (t Target) Met(median float64) bool {
	const runtimes = 0.05
	if t.Against == "" {
		return median <= t.Max+runtimes
	}
	return median <= t.Max*(1+t.Noise)
}

func find(all []measure.Series, name string) (measure.Series, bool) {
	for _, s := range all {
		if s.Peer == name && len(s.Samples) > 0 {
			return s, true
		}
	}
	return measure.Series{}, false
}

// All lists the workloads. A quick run leaves out what takes long.
func All(quick bool) []Workload {
	var all []Workload
	all = append(all, pools(quick)...)
	all = append(all, failures()...)
	all = append(all, releases()...)
	all = append(all, stacks()...)
	all = append(all, graphs(quick)...)
	all = append(all, units()...)
	if !quick {
		all = append(all, scaling())
	}
	return all
}

// must stops the run: a figure of work that was not done is worse than none.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
