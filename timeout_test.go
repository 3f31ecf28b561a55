package exitpool_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The clock of AcquireTimeout, where the acquisition waits in Get.

func TestTheClockGoesOnAfterAGetWhereItStoodStill(t *testing.T) { // B4
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		dep := exitpool.Start(p, j.resource("dep", time.Hour))
		e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			time.Sleep(2 * time.Second)
			if _, err := dep.Get(ctx); err != nil {
				return 0, err
			}
			return 0, sleep(ctx, 2*time.Second) // a second too much
		}, exitpool.AcquireTimeout(3*time.Second))
		took := elapsed(func() {
			_, err := e.Get(ctx)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		})
		assert.Equal(t, time.Hour+time.Second, took)
		assert.ErrorIs(t, p.Close(), context.DeadlineExceeded)
	})
}

func TestTheClockStandsStillUntilTheLastOfTwoGetsHasEnded(t *testing.T) { // B4
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		one := exitpool.Start(p, j.resource("one", time.Hour))
		two := exitpool.Start(p, j.resource("two", 2*time.Hour))
		e := exitpool.Start(p, twoGets(one, two), exitpool.AcquireTimeout(time.Second))
		_, err := e.Get(ctx)
		assert.NoError(t, err)
		assert.NoError(t, p.Wait(ctx))
		assert.NoError(t, p.Close())
	})
}

func TestTheClockDoesNotRunOnForAGetThatOutlivesTheAcquisition(t *testing.T) { // B4, R10
	type big struct{ _ [1 << 10]byte }
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		dep := exitpool.Start(p, j.resource("dep", time.Minute))
		forgotten := func() weak.Pointer[big] {
			v := new(big)
			e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (*big, error) {
				go dep.Get(ctx)
				time.Sleep(time.Second)
				return v, nil
			}, exitpool.AcquireTimeout(time.Hour))
			require.NoError(t, p.Wait(ctx))
			synctest.Wait()
			require.NoError(t, e.Release())
			return weak.Make(v)
		}()
		for range 10 {
			runtime.GC()
		}
		assert.True(t, forgotten.Value() == nil, "a clock that runs on keeps the member for an hour")
		require.NoError(t, p.Close())
	})
}

func TestTheErrorOfAnAcquisitionThatWasTooLateIsThatOfItsTimeAlone(t *testing.T) { // B4, E3
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
				<-ctx.Done()
				return 0, fmt.Errorf("dial: %w", ctx.Err())
			}, exitpool.Name("db"), exitpool.AcquireTimeout(time.Second))
			return p.Wait(ctx)
		})
		assert.EqualError(t, err, "acquire db: context deadline exceeded")
	})
}
