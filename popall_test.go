package exitpool_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUnwindOfWhatPopAllMovedTellsGoexit(t *testing.T) { // R11, X1
	var told, err error
	var s exitpool.ExitStack
	s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
	e := call(func() error {
		moved := s.PopAll()
		defer moved.Unwind(&err)
		runtime.Goexit()
		return nil
	})
	assert.True(t, e.goexit)
	assert.Equal(t, exitpool.ErrGoexit, told)
	assert.Equal(t, exitpool.ErrGoexit, err)
}

func TestNamesGoOnCountingAfterPopAll(t *testing.T) { // R11, E4
	var s exitpool.ExitStack
	s.Defer(failBoom)
	moved := s.PopAll()
	moved.Defer(failBoom)
	assert.EqualError(t, moved.Close(), "release exitpool_test.failBoom#1: boom; release exitpool_test.failBoom#0: boom")
}

func failBoom(context.Context) error { return errBoom }

func TestAStackThatPopAllMakesAfterExitHasTheContextAndTheOptions(t *testing.T) { // R6, C7, B6
	type key struct{}
	var seen events
	s, _ := exitpool.NewStack(context.WithValue(t.Context(), key{}, "value"), exitpool.Observe(seen.observe))
	require.NoError(t, s.Close())
	moved := s.PopAll()
	var v any
	moved.Defer(func(ctx context.Context) error { v = ctx.Value(key{}); return nil })
	assert.NoError(t, moved.Close())
	assert.Equal(t, "value", v)
	assert.Len(t, seen.find(func(ev exitpool.Event) bool { return ev.Op == exitpool.OpRelease }), 2)
}

func TestTheBodysContextStaysWhenPopAllMovesWhatAMemberBuilt(t *testing.T) { // R11, C5
	for name, end := range map[string]func(*exitpool.ExitStack){
		"exit":        func(s *exitpool.ExitStack) { assert.NoError(t, s.Close()) },
		"forced exit": func(s *exitpool.ExitStack) { s.Cancel(errBoom) },
	} {
		t.Run(name, func(t *testing.T) {
			p, ctx := exitpool.NewPool(t.Context())
			var moved *exitpool.ExitStack
			exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
				moved = s.PopAll()
				return 0, nil
			})
			require.NoError(t, p.Wait(ctx))
			end(moved)
			assert.NoError(t, ctx.Err())
			assert.NoError(t, p.Close())
			moved.Close()
		})
	}
}

func TestWhatPopAllMovesOutOfAMemberEndsForItself(t *testing.T) { // R11, R7
	bubble(t, func(t *testing.T) {
		elsewhere, _ := exitpool.NewPool(t.Context())
		other := exitpool.Start(elsewhere, value(1))
		p, ctx := exitpool.NewPool(t.Context())
		var moved *exitpool.ExitStack
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { time.Sleep(time.Minute); return errBoom })
			if _, err := other.Get(ctx); err != nil {
				return 0, err
			}
			moved = s.PopAll()
			return 0, nil
		})
		require.NoError(t, p.Wait(ctx))
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { first <- moved.Close() }()
		synctest.Wait()
		go func() { second <- moved.Close() }()
		synctest.Wait()
		assert.Zero(t, elapsed(func() { assert.NoError(t, p.Close()) }), "the member is released without it")
		assert.Equal(t, time.Minute, elapsed(func() { assert.ErrorIs(t, <-second, errBoom) }))
		assert.ErrorIs(t, <-first, errBoom)
		assert.NoError(t, elsewhere.Close())
	})
}
