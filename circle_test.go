package exitpool_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A place is where an entry is put that others get who were started before it.
type place = atomic.Pointer[exitpool.Entry[string]]

func at(e *exitpool.Entry[string]) *place {
	p := new(place)
	p.Store(e)
	return p
}

// waits returns a Resource that waits d and then gets the entry that is in other.
func waits(d time.Duration, other *place) exitpool.Resource[string] {
	return func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
		if err := sleep(ctx, d); err != nil {
			return "", err
		}
		return other.Load().Get(ctx)
	}
}

func TestACircleBetweenTwoPoolsInsideOneMemberIsFound(t *testing.T) { // D3
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				one, two := s.Pool(ctx), s.Pool(ctx)
				var a, b place
				a.Store(exitpool.Start(one, waits(time.Second, &b), exitpool.Name("a")))
				b.Store(exitpool.Start(two, waits(2*time.Second, &a), exitpool.Name("b")))
				return 0, one.Wait(ctx)
			})
			return p.Wait(ctx)
		})
		assert.ErrorIs(t, err, exitpool.ErrCycle)
		assert.ErrorContains(t, err, "b -> a -> b")
	})
}

func TestACircleThroughAnotherPoolThatClosesInsideAMemberIsFound(t *testing.T) { // D3, D7
	bubble(t, func(t *testing.T) {
		elsewhere, _ := exitpool.NewPool(t.Context())
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			var w, x, z, inner place
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				in := s.Pool(ctx)
				inner.Store(exitpool.Start(in, waits(time.Second, &w), exitpool.Name("inner")))
				return 0, in.Wait(ctx)
			})
			w.Store(exitpool.Start(p, waits(2*time.Second, &z), exitpool.Name("w")))
			z.Store(exitpool.Start(elsewhere, waits(3*time.Second, &x), exitpool.Name("z")))
			x.Store(exitpool.Start(p, waits(4*time.Second, &inner), exitpool.Name("x")))
			return p.Wait(ctx)
		})
		assert.ErrorContains(t, err, "x -> inner -> w -> z -> x")
		assert.ErrorIs(t, elsewhere.Close(), exitpool.ErrCycle)
	})
}

func TestACircleThroughAnotherPoolThatLeavesFromInsideAMemberIsFound(t *testing.T) { // D3, D7
	bubble(t, func(t *testing.T) {
		elsewhere, _ := exitpool.NewPool(t.Context())
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			var x, z, inner place
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				in := s.Pool(ctx)
				inner.Store(exitpool.Start(in, waits(time.Second, &z), exitpool.Name("inner")))
				return 0, in.Wait(ctx)
			})
			z.Store(exitpool.Start(elsewhere, waits(2*time.Second, &x), exitpool.Name("z")))
			x.Store(exitpool.Start(p, waits(3*time.Second, &inner), exitpool.Name("x")))
			return p.Wait(ctx)
		})
		assert.ErrorContains(t, err, "x -> inner -> z -> x")
		assert.ErrorIs(t, elsewhere.Close(), exitpool.ErrCycle)
	})
}

func TestTheSearchForCirclesThroughOtherPoolsIsLinear(t *testing.T) { // D3
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context())
		last := exitpool.Start(p, (&journal{}).resource("last", time.Hour))
		layer := []*exitpool.Entry[string]{last, last}
		for range 40 { // each waits for both below it: 2^40 ways down
			below := layer
			layer = nil
			for range 2 {
				layer = append(layer, exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
					done := make(chan error, 1)
					go func() { _, err := below[0].Get(ctx); done <- err }()
					_, err := below[1].Get(ctx)
					return "", errors.Join(err, <-done)
				}))
			}
		}
		time.Sleep(time.Second)
		assert.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, elsewhere *exitpool.ExitPool) error {
			exitpool.Start(elsewhere, waits(0, at(layer[0])))
			return elsewhere.Wait(ctx)
		}))
		require.NoError(t, p.Wait(ctx))
		assert.NoError(t, p.Close())
	})
}
