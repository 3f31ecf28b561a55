package timeline_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/timeline"
	"github.com/stretchr/testify/require"
)

// A plan is a random program: members that use earlier ones, and then take some time, in
// nanoseconds: of two that end at one instant, events do not tell which was waited for.
type plan struct {
	uses     [][]int
	up, down []time.Duration
}

func randomPlan(r *rand.Rand) (p plan) {
	for i := range 2 + r.IntN(12) {
		var uses []int
		for j := range i {
			if r.IntN(4) == 0 {
				uses = append(uses, j)
			}
		}
		p.uses = append(p.uses, uses)
		p.up = append(p.up, time.Duration(1+r.IntN(50_000_000)))
		p.down = append(p.down, time.Duration(1+r.IntN(50_000_000)))
	}
	return p
}

// run records the program; the member idle takes no time.
func (p plan) run(t *testing.T, idle int) *timeline.Recorder {
	return record(t, func(ctx context.Context, pool *exitpool.ExitPool) error {
		var entries []*exitpool.Entry[int]
		for i := range p.uses {
			var uses []*exitpool.Entry[int]
			for _, j := range p.uses[i] {
				uses = append(uses, entries[j])
			}
			up, down := p.up[i], p.down[i]
			if i == idle {
				up, down = 0, 0
			}
			entries = append(entries, exitpool.Start(pool, takes(up, down, uses...), exitpool.Name(fmt.Sprint(i))))
		}
		if err := pool.Wait(ctx); err != nil {
			return err
		}
		time.Sleep(time.Second)
		return nil
	})
}

// longest is what start-up and shutdown take: the longest chain.
func (p plan) longest() (up, down time.Duration) {
	ready := make([]time.Duration, len(p.uses))
	gone := make([]time.Duration, len(p.uses)) // when the users are
	for i, uses := range p.uses {
		for _, j := range uses {
			ready[i] = max(ready[i], ready[j])
		}
		ready[i] += p.up[i]
		up = max(up, ready[i])
	}
	for i := len(p.uses) - 1; i >= 0; i-- {
		over := gone[i] + p.down[i]
		for _, j := range p.uses[i] {
			gone[j] = max(gone[j], over)
		}
		down = max(down, over)
	}
	return up, down
}

func TestAHintIsWhatTheProgramSavesWhenItIsRunLikeThat(t *testing.T) {
	for seed := range uint64(100) {
		p := randomPlan(rand.New(rand.NewPCG(seed, 0)))
		rec := p.run(t, -1)
		up, down := rec.Startup(), rec.Shutdown()
		requireTiled(t, up)
		requireTiled(t, down)
		wantUp, wantDown := p.longest()
		require.Equal(t, wantUp, up.Elapsed)
		require.Equal(t, wantDown, down.Elapsed)
		for _, s := range up.Steps {
			require.NotZero(t, s.ID, "a gap in a pool")
		}
		for _, h := range up.Hints {
			require.Equal(t, up.Elapsed-p.run(t, number(t, h.Name)).Startup().Elapsed, h.Saves, "seed %d: %v of %v", seed, h, up)
		}
		for _, h := range down.Hints {
			require.Equal(t, down.Elapsed-p.run(t, number(t, h.Name)).Shutdown().Elapsed, h.Saves, "seed %d: %v of %v", seed, h, down)
		}
	}
}

func number(t *testing.T, name string) (n int) {
	_, err := fmt.Sscan(name, &n)
	require.NoError(t, err)
	return n
}
