package services_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/exitpool/exitpool/bench/internal/services"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheServiceHasTwelveComponentsOf20To400Milliseconds(t *testing.T) {
	g := services.Service(1)
	assert.Len(t, g, 12)
	for i, c := range g {
		for _, d := range []time.Duration{c.Start, c.Stop} {
			assert.GreaterOrEqual(t, d, 20*time.Millisecond, c.Name)
			assert.LessOrEqual(t, d, 400*time.Millisecond, c.Name)
		}
		for _, j := range c.Uses {
			assert.Less(t, j, i, "%s comes after what it uses", c.Name)
		}
	}
}

func TestTheCriticalPathIsTheLongestWayThroughTheGraph(t *testing.T) {
	start, stop := services.Graph{
		{Name: "a", Start: 1, Stop: 10},
		{Name: "b", Start: 5, Stop: 1, Uses: []int{0}},
		{Name: "c", Start: 2, Stop: 3, Uses: []int{0}},
		{Name: "d", Start: 1, Stop: 4, Uses: []int{2}},
	}.CriticalPath()
	assert.Equal(t, time.Duration(6), start, "a, b")
	assert.Equal(t, time.Duration(17), stop, "d, c, a")
}

func TestInVirtualTimeThePoolTakesTheCriticalPathAndNothingMore(t *testing.T) {
	for _, w := range services.Ways() {
		t.Run(w.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := services.Service(1)
				wantStart, wantStop := g.CriticalPath()
				began := time.Now()
				var up time.Time
				require.NoError(t, w.Run(t.Context(), g, func() { up = time.Now() }))
				start, stop := up.Sub(began), time.Since(up)
				over := start + stop - wantStart - wantStop
				t.Logf("overhead %s %d ns", w.Name, over)
				switch w.Name {
				case "exitpool", "by-hand":
					assert.Equal(t, wantStart, start)
					assert.Equal(t, wantStop, stop)
				default:
					assert.Positive(t, over)
				}
			})
		})
	}
}
