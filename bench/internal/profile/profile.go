// Package profile tells what the time of an operation is spent on: it takes a CPU
// profile on one processor, and sorts the samples by what they were in.
package profile

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"github.com/exitpool/exitpool/bench/internal/measure"
)

// A Class is something on which time is spent.
type Class string

const (
	Allocation Class = "allocation"
	GC         Class = "garbage collection"
	Goroutines Class = "goroutines and channels"
	Locks      Class = "locks"
	Time       Class = "time stamps"
	Contexts   Class = "contexts"
	Own        Class = "own code" // of exitpool or errgroup
	Rest       Class = "rest"     // the functions that it is there to call, for one
)

// Classes lists them in the order of the table.
func Classes() []Class {
	return []Class{Allocation, GC, Goroutines, Contexts, Locks, Time, Own, Rest}
}

// prefixes are those of functions, and the classes of what is in them. The innermost
// function with one of these decides.
var prefixes = []struct {
	prefix string
	class  Class
}{
	{"runtime.gc", GC}, {"gcWriteBarrier", GC}, {"runtime.wbBufFlush", GC}, {"runtime.bgsweep", GC}, {"runtime.bgscavenge", GC},
	{"runtime.mallocgc", Allocation}, {"runtime.newobject", Allocation}, {"runtime.growslice", Allocation}, {"runtime.makeslice", Allocation},
	{"runtime.newproc", Goroutines}, {"runtime.mcall", Goroutines}, {"runtime.schedule", Goroutines}, {"runtime.gopark", Goroutines},
	{"runtime.goready", Goroutines}, {"runtime.goexit0", Goroutines}, {"runtime.chan", Goroutines}, {"runtime.closechan", Goroutines},
	{"runtime.selectgo", Goroutines}, {"runtime.sem", Goroutines}, {"runtime.morestack", Goroutines}, {"sync.(*WaitGroup)", Goroutines},
	{"sync.(*Mutex)", Locks}, {"internal/sync.(*Mutex)", Locks},
	{"time.", Time},
	{"context.", Contexts},
	{"github.com/exitpool/exitpool/bench/", Rest}, // before exitpool's own
	{"github.com/exitpool/exitpool", Own}, {"golang.org/x/sync/", Own},
}

func classOf(stack []string) Class {
	for _, function := range stack {
		for _, p := range prefixes {
			if strings.HasPrefix(function, p.prefix) {
				return p.class
			}
		}
	}
	return Rest
}

// Take runs the operation for about d and returns the processor time of one unit, in
// nanoseconds, by class.
func Take(c measure.Case, d time.Duration) (map[Class]float64, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var t measure.Timer
	c.Op(&t) // what the first one makes does not count
	runtime.GC()
	var out bytes.Buffer
	if err := pprof.StartCPUProfile(&out); err != nil {
		return nil, err
	}
	ops := 0
	for began := time.Now(); ops == 0 || time.Since(began) < d; ops++ {
		c.Op(&t)
	}
	pprof.StopCPUProfile()
	p, err := profile.Parse(&out)
	if err != nil {
		return nil, fmt.Errorf("profile of %s: %w", c.Peer, err)
	}
	return shares(p, float64(ops*c.Units)), nil
}

func shares(p *profile.Profile, units float64) map[Class]float64 {
	by := map[Class]float64{}
	for _, s := range p.Sample {
		var stack []string // innermost first
		for _, at := range s.Location {
			for _, line := range at.Line {
				stack = append(stack, line.Function.Name)
			}
		}
		if slices.ContainsFunc(stack, isTimer) {
			continue
		}
		by[classOf(stack)] += float64(s.Value[1]) / units
	}
	return by
}

// isTimer reports whether the time is that of the measuring.
func isTimer(function string) bool {
	return strings.HasPrefix(function, "github.com/exitpool/exitpool/bench/internal/measure.(*Timer)")
}
