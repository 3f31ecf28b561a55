package exitpool_test

import (
	"context"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
)

// What things cost in allocations: the library is to cost less than what it replaces. A
// context that can end costs a few more for each scope.

type thing struct{ _ int }

func (*thing) Close(context.Context) error { return nil }

var theThing thing

// plain has one allocation of its own: its method value.
func plain(_ context.Context, s *exitpool.ExitStack) (*thing, error) {
	s.Defer(theThing.Close)
	return &theThing, nil
}

func looking(ctx context.Context, s *exitpool.ExitStack) (*thing, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	default:
		return plain(ctx, s)
	}
}

func hundred(r exitpool.Resource[*thing]) []exitpool.Resource[*thing] {
	rs := make([]exitpool.Resource[*thing], 100)
	for i := range rs {
		rs[i] = r
	}
	return rs
}

func poolOf(t *testing.T, rs []exitpool.Resource[*thing], opts ...exitpool.Option) func() {
	return func() {
		err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
			for _, r := range rs {
				exitpool.Start(p, r)
			}
			return p.Wait(ctx)
		}, opts...)
		if err != nil {
			t.Error(err)
		}
	}
}

// costs requires that f needs, once it runs for the second time, no more than that.
func costs(t *testing.T, ceiling float64, f func()) {
	t.Helper()
	if raceDetector {
		t.Skip("the race detector allocates, too")
	}
	n := testing.AllocsPerRun(100, f)
	t.Logf("%v of %v allocations", n, ceiling)
	assert.LessOrEqual(t, n, ceiling)
}

func TestAMemberOfAPoolCostsTwoAllocationsAndTheirSharesOfThePools(t *testing.T) {
	costs(t, 2*100+22, poolOf(t, hundred(plain)))
}

func TestAPoolOfOneCostsFewAllocations(t *testing.T) {
	costs(t, 11, poolOf(t, hundred(plain)[:1]))
}

func TestAnAcquisitionThatLooksAtItsContextCostsFourAllocationsMore(t *testing.T) {
	costs(t, 6*100+24, poolOf(t, hundred(looking)))
}

func TestAGraceCostsTheMembersNothing(t *testing.T) {
	costs(t, 2*100+40, poolOf(t, hundred(plain), exitpool.Grace(time.Minute)))
}

func TestAMemberOfAGatherCostsTwoAllocations(t *testing.T) {
	gather := exitpool.Gather(hundred(plain)...)
	costs(t, 2*100+64, func() {
		exitpool.Use(context.Background(), gather, func(context.Context, []*thing) error { return nil })
	})
}

func TestEnterCostsTwoAllocations(t *testing.T) {
	s, ctx := exitpool.NewStack(context.Background())
	costs(t, 2, func() { exitpool.Enter(ctx, s, plain) })
	assert.NoError(t, s.Close())
}

func TestAMemberThatComesAndGoesCostsFourAllocations(t *testing.T) {
	p, ctx := exitpool.NewPool(context.Background())
	defer p.Close()
	costs(t, 4, func() {
		e := exitpool.Start(p, plain)
		if _, err := e.Get(ctx); err != nil {
			t.Error(err)
		}
		if err := e.Release(); err != nil {
			t.Error(err)
		}
	})
}

func TestGetOnAHeldMemberCostsNoAllocation(t *testing.T) {
	p, ctx := exitpool.NewPool(context.Background())
	defer p.Close()
	e := exitpool.Start(p, plain)
	assert.NoError(t, p.Wait(ctx))
	costs(t, 0, func() { e.Get(ctx) })
}

func TestEightEntriesCostNoAllocationBeyondTheStack(t *testing.T) {
	release := theThing.Close
	costs(t, 1, func() { // the zero value, which escapes; its second entry costs another
		var s exitpool.ExitStack
		s.Defer(release)
		s.Close()
	})
	costs(t, 2, func() {
		var s exitpool.ExitStack
		for range 8 {
			s.Defer(release)
		}
		s.Close()
	})
	costs(t, 3, func() { // with its context, of two
		s, _ := exitpool.NewStack(context.Background())
		for range 8 {
			s.Defer(release)
		}
		s.Close()
	})
}
