// Package measure times the same work done in several ways, in turns: a machine that
// is slow for a while is slow for all of them, and what counts is the ratio.
package measure

import (
	"runtime"
	"time"
)

// Case is one way to do the work.
type Case struct {
	Peer string
	// Units is what one operation consists of: resources, entries, edges.
	Units int
	// Op does the work once. What it does between Stop and Start is not counted.
	Op func(t *Timer)
}

// Sample is what one round of one case cost.
type Sample struct {
	Ops           int
	Ns            float64 // of one operation, as are the others
	Bytes, Allocs float64
}

// Series is the rounds of one case, in the order in which they were run.
type Series struct {
	Case
	Samples []Sample
	Counted bool // bytes and allocations were
}

// Effort is how long to measure.
type Effort struct {
	Rounds int
	Round  time.Duration // of one case; 0: one operation, and none to warm up
}

// Alternate runs the cases in turns.
func Alternate(cases []Case, e Effort) []Series {
	all := make([]Series, len(cases))
	ops := make([]int, len(cases))
	for i, c := range cases {
		all[i].Case, all[i].Counted = c, true
		ops[i] = calibrate(c, e.Round)
	}
	for range e.Rounds {
		for i, c := range cases {
			all[i].Samples = append(all[i].Samples, run(c, ops[i]))
		}
	}
	return all
}

// calibrate finds how many operations fill a round. What it runs warms up, too.
func calibrate(c Case, round time.Duration) int {
	if round == 0 {
		return 1
	}
	const most = 1 << 24
	for ops := 1; ; {
		s := run(c, ops)
		took := time.Duration(s.Ns * float64(ops))
		if took >= round || ops >= most {
			return ops
		}
		// As far as the round, but not further than the guess is good for.
		next := int(1.1 * float64(ops) * float64(round) / float64(max(took, 1)))
		ops = min(max(next, ops+1), 100*ops, most)
	}
}

func run(c Case, ops int) Sample {
	runtime.GC() // nobody pays for the garbage of the one before
	var t Timer
	t.Start()
	for range ops {
		c.Op(&t)
	}
	t.Stop()
	n := float64(ops)
	return Sample{
		Ops:    ops,
		Ns:     float64(t.took) / n,
		Bytes:  float64(t.bytes) / n,
		Allocs: float64(t.allocs) / n,
	}
}

// Timer adds up the time and the allocations between Start and Stop.
type Timer struct {
	began         time.Time
	at            runtime.MemStats
	took          time.Duration
	bytes, allocs uint64
}

// Start begins, or goes on. It takes some microseconds, which do not count.
func (t *Timer) Start() {
	runtime.ReadMemStats(&t.at)
	t.began = time.Now()
}

// Stop holds on.
func (t *Timer) Stop() {
	t.took += time.Since(t.began)
	bytes, allocs := t.at.TotalAlloc, t.at.Mallocs
	runtime.ReadMemStats(&t.at)
	t.bytes += t.at.TotalAlloc - bytes
	t.allocs += t.at.Mallocs - allocs
}
