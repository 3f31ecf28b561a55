package callguard_test

import (
	"runtime"
	"testing"

	"github.com/exitpool/exitpool/internal/callguard"
	"github.com/stretchr/testify/assert"
)

func TestCallTellsTheThreeEndsApart(t *testing.T) {
	ends := func(f func()) (how callguard.How, returned bool) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			callguard.Call(f, func(h callguard.How) { how = h })
			returned = true
		}()
		<-done
		return how, returned
	}
	how, returned := ends(func() {})
	assert.Equal(t, callguard.How{}, how)
	assert.True(t, returned)
	how, returned = ends(func() { panic("x") })
	assert.True(t, how.Panicked)
	assert.Equal(t, "x", how.Value)
	assert.Contains(t, string(how.Stack), "TestCallTellsTheThreeEndsApart")
	assert.True(t, returned)
	how, returned = ends(runtime.Goexit)
	assert.True(t, how.Exited)
	assert.False(t, how.Panicked)
	assert.False(t, returned, "a Goexit cannot be stopped")
}

// steps is a Stepper that exits its goroutine at every nth step.
type steps struct{ left, done, nth int }

func (s *steps) Step() bool {
	if s.left == 0 {
		return false
	}
	s.left--
	s.done++
	if s.nth > 0 && s.done%s.nth == 0 {
		runtime.Goexit()
	}
	return true
}

func TestLoopGoesOnAfterAGoexit(t *testing.T) {
	for _, nth := range []int{0, 1, 2, 100} {
		s := &steps{left: 100, nth: nth}
		returned, deferred := false, 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { deferred = s.done }()
			callguard.Loop(s)
			returned = true
		}()
		<-done
		assert.Equal(t, 100, s.done)
		assert.Equal(t, 100, deferred, "all is done before the caller's deferred calls")
		assert.Equal(t, nth == 0, returned)
	}
}
