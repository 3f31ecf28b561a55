package scale_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/exitpool/exitpool/bench/internal/scale"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAMemberThatBlocksCostsAGoroutineAndOneThatIsHeldNone(t *testing.T) {
	const n = 2000
	phases, err := scale.Blocked(n)
	require.NoError(t, err)
	require.Len(t, phases, 3)
	for i, name := range []string{"acquiring", "held", "releasing"} {
		assert.Equal(t, name, phases[i].Name)
		assert.Equal(t, n, phases[i].N)
	}
	assert.InDelta(t, 1, phases[0].Goroutines, 0.1)
	assert.InDelta(t, 0, phases[1].Goroutines, 0.01)
	assert.InDelta(t, 1, phases[2].Goroutines, 0.1)
	assert.Greater(t, phases[0].Bytes, phases[1].Bytes)
	assert.Positive(t, phases[1].Bytes)
}

// How many goroutines there are for members that do nothing depends on where the
// runtime interrupts them: that is measured, and not tested.
func TestMembersThatDoNotBlockNeedAtMostAGoroutineEachAndNoneWhileHeld(t *testing.T) {
	phases, err := scale.Instant(20_000)
	require.NoError(t, err)
	require.Len(t, phases, 3)
	for _, p := range phases {
		assert.LessOrEqual(t, p.Goroutines, 1.0, p.Name)
	}
	assert.InDelta(t, 0, phases[1].Goroutines, 0.001)
	assert.Positive(t, phases[1].Bytes)
	assert.Positive(t, phases[0].Ns)
	assert.Positive(t, phases[2].Ns)
}
