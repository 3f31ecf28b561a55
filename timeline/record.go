package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/exitpool/exitpool"
)

// A record is what the events so far tell. It is not changed once it is made.
type record struct {
	origin time.Time     // all times are measured from it
	end    time.Duration // of the last event, or now if something is open
	bars   []*bar        // in the order in which they began; at one instant by ID
	notes  []note

	acquired, released map[uint64]*bar // by ID
}

// A bar is an operation: one event, or two.
type bar struct {
	op          exitpool.Op
	id, parent  uint64
	name        string
	began, over moment
	open        bool // it has not ended: over is now
	err         error
	uses        []uint64
	cancelled   bool
}

// A moment is a time, and the place among the events of that time.
type moment struct {
	at  time.Duration
	seq int
}

func (m moment) compare(o moment) int {
	return cmp.Or(cmp.Compare(m.at, o.at), cmp.Compare(m.seq, o.seq))
}
func (m moment) before(o moment) bool { return m.compare(o) < 0 }

// A note is an event without duration: a late Cancel, the end of what was abandoned.
type note struct {
	at   time.Duration
	op   exitpool.Op
	name string
	err  error
}

func (b *bar) took() time.Duration { return b.over.at - b.began.at }

// contains reports whether o happened within b.
func (b *bar) contains(o *bar) bool {
	return !b.open && b.began.before(o.began) && o.over.before(b.over)
}

// failed reports whether b failed by itself.
func (b *bar) failed() bool { return b.err != nil && !b.cancelled }

func (r *Recorder) record() *record {
	events := r.soFar()
	rec := &record{acquired: map[uint64]*bar{}, released: map[uint64]*bar{}}
	if len(events) == 0 {
		return rec
	}
	rec.origin = events[0].Start
	for _, ev := range events {
		if ev.Start.Before(rec.origin) {
			rec.origin = ev.Start
		}
	}
	ran := map[uint64]*bar{}
	for i, ev := range events {
		of := ran
		switch ev.Op {
		case exitpool.OpAcquire:
			of = rec.acquired
		case exitpool.OpRelease:
			of = rec.released
		}
		rec.add(ev, i, of)
	}
	rec.close(len(events))
	// Of those that begin at one instant, on several goroutines, the older member is first.
	slices.SortStableFunc(rec.bars, func(a, b *bar) int {
		return cmp.Or(cmp.Compare(a.began.at, b.began.at), cmp.Compare(a.id, b.id))
	})
	return rec
}

// add adds an event to those of its Op.
func (rec *record) add(ev exitpool.Event, seq int, of map[uint64]*bar) {
	start := ev.Start.Sub(rec.origin)
	stop := start + max(0, ev.Elapsed)
	rec.end = max(rec.end, stop)
	b := of[ev.ID]
	switch {
	case b == nil && !ev.Done && ev.ID != 0:
		b = &bar{op: ev.Op, id: ev.ID, parent: ev.Parent, name: ev.Name, began: moment{start, seq}, open: true}
		of[ev.ID] = b
		rec.bars = append(rec.bars, b)
	case b != nil && ev.Done && b.open:
		b.open, b.over, b.err = false, moment{stop, seq}, ev.Err
		b.uses, b.cancelled = ev.Uses, ev.Cancelled
	default:
		rec.notes = append(rec.notes, note{stop, ev.Op, ev.Name, ev.Err})
	}
}

// close gives what is open an end: now.
func (rec *record) close(seq int) {
	now := max(rec.end, time.Since(rec.origin))
	for _, b := range rec.bars {
		if b.open {
			b.over = moment{now, seq}
			rec.end = now
		}
	}
}
