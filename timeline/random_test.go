package timeline_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/timeline"
	"github.com/stretchr/testify/require"
)

// nest returns a Resource that does things at random: sleeps, enters others, runs a
// pool of others, gets one of outer.
func nest(r *rand.Rand, depth int, outer []*exitpool.Entry[int]) exitpool.Resource[int] {
	var does []func(ctx context.Context, s *exitpool.ExitStack) error
	nap := func() time.Duration { return time.Duration(r.IntN(4)) * ms } // none, too: then much is at one instant
	for range 1 + r.IntN(4) {
		switch k := r.IntN(5); {
		case k == 0 && depth > 0:
			inner := nest(r, depth-1, outer)
			does = append(does, func(ctx context.Context, s *exitpool.ExitStack) error {
				_, err := exitpool.Enter(ctx, s, inner)
				return err
			})
		case k == 1 && depth > 0:
			body := members(r, depth-1, outer)
			limit := int64(1 + r.IntN(3))
			does = append(does, func(ctx context.Context, s *exitpool.ExitStack) error {
				return body(ctx, s.Pool(ctx, exitpool.Limit(limit)))
			})
		case k == 2 && len(outer) > 0:
			e := outer[r.IntN(len(outer))]
			does = append(does, func(ctx context.Context, s *exitpool.ExitStack) error {
				_, err := e.Get(ctx)
				return err
			})
		case k == 3:
			d := nap()
			does = append(does, func(ctx context.Context, s *exitpool.ExitStack) error { s.Defer(sleeps(d)); return nil })
		default:
			d := nap()
			does = append(does, func(ctx context.Context, s *exitpool.ExitStack) error { time.Sleep(d); return nil })
		}
	}
	return func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		for _, do := range does {
			if err := do(ctx, s); err != nil {
				return 0, err
			}
		}
		return 0, nil
	}
}

// members returns a body that starts some in a pool.
func members(r *rand.Rand, depth int, outer []*exitpool.Entry[int]) func(context.Context, *exitpool.ExitPool) error {
	var rs []exitpool.Resource[int]
	for range 1 + r.IntN(4) {
		rs = append(rs, nest(r, depth, outer))
	}
	return func(ctx context.Context, p *exitpool.ExitPool) error {
		for i, r := range rs {
			exitpool.Start(p, r, exitpool.Name(fmt.Sprint("member ", i)))
		}
		return p.Wait(ctx)
	}
}

func TestThePathOfAnyProgramFillsTheTimeFromTheFirstToTheLast(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		var rec timeline.Recorder
		var began, ready, leaves, over time.Time
		synctest.Test(t, func(t *testing.T) {
			began = time.Now()
			require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				var outer []*exitpool.Entry[int]
				for range 1 + r.IntN(6) {
					outer = append(outer, exitpool.Start(p, nest(r, 3, outer)))
				}
				err := p.Wait(ctx)
				ready = time.Now()
				time.Sleep(time.Second)
				leaves = time.Now()
				return err
			}, exitpool.Limit(int64(1+r.IntN(4))), exitpool.Observe(rec.Observe)))
			over = time.Now()
		})
		up, down := rec.Startup(), rec.Shutdown()
		requireTiled(t, up)
		requireTiled(t, down)
		require.Equal(t, ready.Sub(began), up.Elapsed, "seed %d", seed)
		require.Equal(t, over.Sub(leaves), down.Elapsed, "seed %d", seed)
		for _, h := range append(up.Hints, down.Hints...) {
			require.GreaterOrEqual(t, h.Saves, time.Duration(0))
			require.LessOrEqual(t, h.Saves, h.Own, "seed %d: %v", seed, h)
		}
		text(t, &rec, 80)
		svg(t, &rec)
		trace(t, &rec)
	}
}
