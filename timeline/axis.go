package timeline

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/exitpool/exitpool"
)

// An axis lays time out from 0 to 1. What is long and eventless is cut short: between
// start-up and shutdown there may be hours.
type axis struct {
	pieces []piece
	length time.Duration // of all pieces
}

// A piece is a stretch of time that is drawn to one scale.
type piece struct {
	from, to   time.Duration
	at, length time.Duration // where on the axis
}

func (p piece) short() bool { return p.length < p.to-p.from }

// newAxis makes the axis of a record. While nothing is acquired or released, time is
// quiet; all quiet stretches together get at most a quarter of what the others take.
func newAxis(rec *record) *axis {
	var stretches []piece // from and to of what is busy
	for _, b := range rec.bars {
		if b.op != exitpool.OpRun {
			stretches = append(stretches, piece{from: b.began.at, to: b.over.at})
		}
	}
	slices.SortFunc(stretches, func(a, b piece) int { return cmp.Compare(a.from, b.from) })
	var pieces []piece
	var busy, until time.Duration
	quiet := 0
	add := func(from, to time.Duration, isQuiet bool) {
		if from >= to {
			return
		}
		p := piece{from: from, to: to, length: to - from}
		last := len(pieces) - 1
		switch {
		case isQuiet:
			quiet++
			p.length = -1
		case last >= 0 && pieces[last].length >= 0: // one piece, however many begin and end in it
			busy += p.length
			pieces[last].to, pieces[last].length = to, pieces[last].length+p.length
			return
		default:
			busy += p.length
		}
		pieces = append(pieces, p)
	}
	for _, s := range stretches {
		add(until, s.from, true)
		add(max(until, s.from), s.to, false)
		until = max(until, s.to)
	}
	add(until, rec.end, true)
	a := &axis{}
	for _, p := range pieces {
		if p.length < 0 {
			p.length = p.to - p.from
			if most := busy / 4 / time.Duration(quiet); busy > 0 && p.length > 2*most {
				p.length = most
			}
		}
		p.at = a.length
		a.length += p.length
		a.pieces = append(a.pieces, p)
	}
	return a
}

// at is the place of a time.
func (a *axis) at(t time.Duration) float64 {
	for _, p := range a.pieces {
		if t <= p.to {
			return (float64(p.at) + float64(max(0, t-p.from))/float64(p.to-p.from)*float64(p.length)) / max(1, float64(a.length))
		}
	}
	return min(1, float64(a.length)) // at the end; where nothing took any time, at the beginning
}

// A tick is a time that is named below the bars.
type tick struct {
	at    float64
	label string
}

// ticks returns about n of them, at round times.
func (a *axis) ticks(n int) (ticks []tick) {
	if a.length == 0 {
		return []tick{{0, duration(0)}}
	}
	step := round(a.length / time.Duration(n))
	for _, p := range a.pieces {
		if p.short() {
			continue
		}
		for t := (p.from + step - 1) / step * step; p.from <= t && t <= p.to; t += step { // it may overflow
			name := terse(duration(t))
			if last := len(ticks) - 1; last < 0 || a.at(t) > ticks[last].at && name != ticks[last].label {
				ticks = append(ticks, tick{a.at(t), name})
			}
		}
	}
	return ticks
}

// terse drops the zeros at the end of a fraction: "1.50 s" is "1.5 s".
func terse(d string) string {
	number, unit, _ := strings.Cut(d, " ")
	if strings.Contains(number, ".") {
		number = strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
	}
	return strings.TrimSpace(number + " " + unit)
}

// round returns the first round duration from d on.
func round(d time.Duration) time.Duration {
	for scale := time.Nanosecond; scale <= 10*time.Second; scale *= 10 {
		for _, n := range []time.Duration{1, 2, 5} {
			if n*scale >= d && n*scale <= 20*time.Second {
				return n * scale
			}
		}
	}
	const day = 24 * time.Hour
	for _, step := range []time.Duration{1, 2, 5, 10, 15, 30, 60, 2 * 60, 3 * 60, 6 * 60, 12 * 60} {
		if step*time.Minute >= d {
			return step * time.Minute
		}
	}
	return ((d-1)/day + 1) * day
}
