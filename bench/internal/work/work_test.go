package work_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/work"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every case does its work without an error, and every target is about cases that
// there are.
func TestEveryWorkloadOfAQuickRunDoesItsWork(t *testing.T) {
	for _, w := range work.All(true) {
		t.Run(w.Name, func(t *testing.T) {
			all := measure.Alternate(w.Cases(), measure.Effort{Rounds: 1, Round: 1})
			for _, s := range all {
				assert.Positive(t, s.Units, s.Peer)
				assert.Positive(t, s.Samples[0].Ns, s.Peer)
			}
			for _, target := range w.Targets {
				_, ok := target.Value(all)
				require.True(t, ok, "%s is about a case that is not there", target)
			}
		})
	}
}

func TestAFullRunHasWhatAQuickRunHas(t *testing.T) {
	full := map[string]bool{}
	for _, w := range work.All(false) {
		assert.False(t, full[w.Name], "%s is there twice", w.Name)
		full[w.Name] = true
	}
	for _, w := range work.All(true) {
		assert.True(t, full[w.Name], w.Name)
	}
}

func TestATargetIsMetUpToItsMaximumAndItsNoise(t *testing.T) {
	bound := work.Target{Figure: work.Time, Of: "a", Against: "b", Max: 1}
	assert.True(t, bound.Met(1))
	assert.False(t, bound.Met(1.01))
	bound.Noise = 0.05
	assert.True(t, bound.Met(1.04))
	assert.True(t, work.Target{Figure: work.Allocs, Of: "a"}.Met(0.001), "the runtime allocates now and then")
	assert.False(t, work.Target{Figure: work.Allocs, Of: "a"}.Met(1))
}
