package measure

import "slices"

// Spread is the median and the quartiles.
type Spread struct{ Q1, Median, Q3 float64 }

// SpreadOf returns the spread of the values. It panics if there are none.
func SpreadOf(values []float64) Spread {
	v := slices.Sorted(slices.Values(values))
	return Spread{quantile(v, 0.25), quantile(v, 0.5), quantile(v, 0.75)}
}

// quantile interpolates between the two values around q.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// Of returns the spread of a figure of the series, for one unit.
func (s Series) Of(figure func(Sample) float64) Spread {
	return SpreadOf(s.perUnit(figure))
}

// Over returns the spread of the ratio to another series, round by round: each round
// is divided by the one that ran beside it. Units are divided out on both sides.
func (s Series) Over(other Series, figure func(Sample) float64) Spread {
	mine, theirs := s.perUnit(figure), other.perUnit(figure)
	ratios := make([]float64, min(len(mine), len(theirs)))
	for i := range ratios {
		ratios[i] = mine[i] / theirs[i]
	}
	return SpreadOf(ratios)
}

func (s Series) perUnit(figure func(Sample) float64) []float64 {
	out := make([]float64, len(s.Samples))
	for i, sample := range s.Samples {
		out[i] = figure(sample) / float64(s.Units)
	}
	return out
}

// Ns, Bytes and Allocs are the figures of a sample.
func Ns(s Sample) float64     { return s.Ns }
func Bytes(s Sample) float64  { return s.Bytes }
func Allocs(s Sample) float64 { return s.Allocs }
