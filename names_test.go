package exitpool_test

import (
	"context"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheFunctionsOfAPoolCountAsMembers(t *testing.T) { // E4, E1: the order of Start
	p, ctx := exitpool.NewPool(t.Context())
	p.Defer(failBoom)
	e := exitpool.Start(p, failsInReleasing)
	p.Defer(failBoom)
	require.NoError(t, p.Wait(ctx))
	assert.Equal(t, "exitpool_test.failsInReleasing#1", e.Name())
	assert.EqualError(t, p.Close(), "release exitpool_test.failBoom#0: boom; "+
		"release exitpool_test.failsInReleasing#1: other; release exitpool_test.failBoom#2: boom")
}

func failsInReleasing(_ context.Context, s *exitpool.ExitStack) (int, error) {
	s.Defer(fails(errOther))
	return 0, nil
}

func TestTheNameOfAGenericFunctionIsWithoutItsTypes(t *testing.T) { // E4
	p, _ := exitpool.NewPool(t.Context())
	e := exitpool.Start(p, generic(1))
	assert.Equal(t, "exitpool_test.generic.func1#0", e.Name())
	assert.NoError(t, p.Close())
}

//go:noinline
func generic[T any](v T) exitpool.Resource[T] {
	return func(context.Context, *exitpool.ExitStack) (T, error) { return v, nil }
}

func TestStatusKnowsSinceWhenAFunctionIsHeld(t *testing.T) { // section 3: Status
	bubble(t, func(t *testing.T) {
		p, _ := exitpool.NewPool(t.Context())
		now := time.Now()
		p.Defer(func(context.Context) error { return nil })
		time.Sleep(time.Second)
		all := p.Status()
		require.Len(t, all, 1)
		assert.True(t, all[0].Since.Equal(now), "%v", all[0].Since)
		assert.NoError(t, p.Close())
	})
}
