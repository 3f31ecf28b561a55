package exitpool_test

import (
	"runtime"
	"testing"
	"weak"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAReleasedMemberKeepsNoOtherInMemory(t *testing.T) { // R10
	p, ctx := exitpool.NewPool(t.Context())
	first := exitpool.Start(p, value(new([1 << 10]byte)))
	second := exitpool.Start(p, value(new([1 << 10]byte)))
	require.NoError(t, p.Wait(ctx))
	collected := weak.Make(second.Value())
	require.NoError(t, first.Release())
	require.NoError(t, second.Release())
	second = nil
	for range 5 {
		runtime.GC()
	}
	assert.Nil(t, collected.Value())
	runtime.KeepAlive(first)
	assert.NoError(t, p.Close())
}
