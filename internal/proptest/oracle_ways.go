package proptest

import (
	"context"
	"fmt"

	"github.com/exitpool/exitpool"
)

var errCanceled = context.Canceled

// ways checks that panics and Goexits go on where they have to, and nowhere else (E6).
func (o *oracle) ways() {
	musts, mays, panics, stray := map[sink]How{}, map[sink]bool{}, map[sink]bool{}, false
	for i, e := range o.events {
		if e.What != FnEnd || e.How == Returned {
			continue
		}
		f := o.p.Fns[e.ID]
		if f.Kind != Body && f.Kind != Acquire && f.Reg.Late {
			if f.Reg.By.Kind == Body && f.Reg.By.Scope.By == nil {
				continue // it panics in the root's own goroutine
			}
			continue
		}
		x := o.climb(i, f, e.How)
		stray = stray || x.stray
		for _, s := range x.sinks {
			mays[s] = true
			panics[s] = panics[s] || e.How == Panicked
		}
		if x.certain && len(x.sinks) == 1 && x.at < x.sinks[0].at && !o.p.Features.Abandon {
			if s := x.sinks[0]; musts[s] != Panicked { // a panic beside a Goexit wins
				musts[s] = e.How
			}
		}
	}
	for i, e := range o.events {
		var s sink
		switch e.What {
		case ScopeEnd:
			s = sink{i, "scope", e.ID}
		case EnterEnd:
			s = sink{i, "Enter of", e.ID}
		case ReleaseEnd:
			s = sink{i, "Release of", e.ID}
		default:
			continue
		}
		must, any := musts[s]
		if must == Goexited && panics[s] {
			any = false // a panic beside it wins
		}
		switch {
		case any && e.How != must && !stray:
			o.problem("E6: the %s %d %s, it must have %s", s.what, s.id, e.way(), Event{How: must}.way())
		case e.How != Returned && !mays[s] && !stray:
			o.problem("E6: the %s %d %s, and nothing in it did", s.what, s.id, e.way())
		case e.How == Panicked && !(s.what == "scope" && o.raw(s.id)):
			if _, ok := e.Value.(*exitpool.PanicError); !ok {
				o.problem("E6: the %s %d panicked with %T", s.what, s.id, e.Value)
			}
		}
	}
}

func (e Event) way() string {
	return []string{"returned", fmt.Sprintf("panicked: %v", e.Err), "called Goexit"}[e.How]
}

// observed checks that every event that begins ends (S5).
func (o *oracle) observed(obs *observations) {
	if o.p.Features.Abandon {
		return // what comes late is observed once more
	}
	type key struct {
		op exitpool.Op
		id uint64
	}
	open := map[key]int{}
	for _, e := range obs.events {
		if e.Name == "Cancel" && e.Op == exitpool.OpRun && e.Done {
			continue // a late one
		}
		k := key{e.Op, e.ID}
		if e.Done {
			open[k]--
		} else {
			open[k]++
		}
		if open[k] < 0 || open[k] > 1 {
			o.problem("S5: events of %s %s (%d) come in no pairs", e.Op, e.Name, e.ID)
		}
	}
	for k, n := range open {
		if n != 0 {
			o.problem("S5: %s of %d begins and does not end", k.op, k.id)
		}
	}
}
