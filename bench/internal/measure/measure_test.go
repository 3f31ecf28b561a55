package measure_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/exitpool/exitpool/bench/internal/measure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheCasesRunInTurns(t *testing.T) {
	var order []string
	op := func(name string) func(*measure.Timer) {
		return func(*measure.Timer) { order = append(order, name) }
	}
	series := measure.Alternate([]measure.Case{
		{Peer: "a", Units: 1, Op: op("a")},
		{Peer: "b", Units: 1, Op: op("b")},
	}, measure.Effort{Rounds: 3, Round: 1}) // a round of one nanosecond: one operation
	require.Len(t, series, 2)
	assert.Len(t, series[0].Samples, 3)
	assert.Equal(t, []string{"a", "b", "a", "b", "a", "b"}, order[len(order)-6:])
}

func TestARoundIsFilledWithOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := measure.Alternate([]measure.Case{{Units: 1, Op: func(*measure.Timer) {
			time.Sleep(time.Millisecond)
		}}}, measure.Effort{Rounds: 1, Round: 10 * time.Millisecond})[0].Samples[0]
		assert.InDelta(t, 10, s.Ops, 1)
		assert.Equal(t, 1e6, s.Ns)
	})
}

var sink []byte

func TestARoundOfNothingIsOneOperationThatIsNotWarmedUp(t *testing.T) {
	calls := 0
	measure.Alternate([]measure.Case{{Units: 1, Op: func(*measure.Timer) { calls++ }}}, measure.Effort{Rounds: 3})
	assert.Equal(t, 3, calls)
}

func TestAllocationsAreCountedForEachOperation(t *testing.T) {
	s := measure.Alternate([]measure.Case{{Units: 1, Op: func(*measure.Timer) {
		sink = make([]byte, 1024)
	}}}, measure.Effort{Rounds: 1, Round: time.Millisecond})[0].Samples[0]
	assert.InDelta(t, 1, s.Allocs, 0.1)
	assert.InDelta(t, 1024, s.Bytes, 100)
}

func TestWhatHappensBetweenStopAndStartDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := measure.Alternate([]measure.Case{{Units: 1, Op: func(timer *measure.Timer) {
			timer.Stop()
			sink = make([]byte, 1<<20)
			time.Sleep(20 * time.Millisecond)
			timer.Start()
		}}}, measure.Effort{Rounds: 1})[0].Samples[0]
		assert.Zero(t, s.Ns, "in virtual time the rest takes none")
		assert.Less(t, s.Bytes, float64(1<<20))
	})
}

func TestSpreadIsTheMedianAndTheQuartiles(t *testing.T) {
	assert.Equal(t, measure.Spread{Q1: 2, Median: 3, Q3: 4}, measure.SpreadOf([]float64{5, 1, 4, 2, 3}))
	assert.Equal(t, measure.Spread{Q1: 7, Median: 7, Q3: 7}, measure.SpreadOf([]float64{7}))
	assert.Equal(t, measure.Spread{Q1: 1.25, Median: 1.5, Q3: 1.75}, measure.SpreadOf([]float64{1, 2}))
}

func TestARatioIsThatOfUnitsRoundByRound(t *testing.T) {
	series := func(units int, ns ...float64) measure.Series {
		s := measure.Series{Case: measure.Case{Units: units}}
		for _, ns := range ns {
			s.Samples = append(s.Samples, measure.Sample{Ns: ns})
		}
		return s
	}
	// The second round was slow for both.
	got := series(10, 100, 1000, 100).Over(series(1, 20, 200, 20), measure.Ns)
	assert.Equal(t, measure.Spread{Q1: 0.5, Median: 0.5, Q3: 0.5}, got)
}
