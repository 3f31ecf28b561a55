package profile

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/exitpool/exitpool/bench/internal/measure"
)

func TestTheInnermostFunctionThatIsKnownDecides(t *testing.T) {
	for want, stack := range map[Class][]string{
		Allocation: {"runtime.memclrNoHeapPointers", "runtime.mallocgcSmallScanNoHeader", "runtime.mallocgc", "github.com/exitpool/exitpool.Start"},
		GC:         {"runtime.scanObject", "runtime.gcDrainN", "runtime.gcAssistAlloc", "runtime.mallocgc"},
		Own:        {"github.com/exitpool/exitpool/internal/standby.(*Queue[go.shape.*uint8]).work"},
		Rest:       {"github.com/exitpool/exitpool/bench/internal/peer.opening.func1", "github.com/exitpool/exitpool.(*Entry[go.shape.int]).acquire"},
		Goroutines: {"runtime.futex", "runtime.schedule", "runtime.mcall"},
	} {
		assert.Equal(t, want, classOf(stack), stack)
	}
	assert.Equal(t, Rest, classOf(nil))
}

var kept []byte

func TestWhatAllocatesIsSeenToAllocate(t *testing.T) {
	by, err := Take(measure.Case{Units: 1, Op: func(*measure.Timer) {
		for range 1000 {
			kept = make([]byte, 4096)
		}
	}}, 300*time.Millisecond)
	require.NoError(t, err)
	assert.Positive(t, by[Allocation]+by[GC], by)
	assert.Zero(t, by[Own]+by[Locks]+by[Contexts], by)
}
