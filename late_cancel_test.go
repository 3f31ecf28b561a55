package exitpool_test

import (
	"context"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
)

func TestTheObserverIsToldOnlyOfACancelThatCameTooLate(t *testing.T) { // F1, S5
	var seen events
	cancels := func() []exitpool.Event {
		return seen.find(func(ev exitpool.Event) bool { return ev.Name == "Cancel" })
	}
	for _, cause := range []error{errBoom, nil} {
		s, _ := exitpool.NewStack(t.Context(), exitpool.Observe(seen.observe))
		p, _ := exitpool.NewPool(t.Context(), exitpool.Observe(seen.observe))
		for _, scope := range []interface {
			Cancel(error)
			Close() error
		}{s, p} {
			scope.Cancel(cause)
			assert.Empty(t, cancels(), "it forces the exit")
			assert.Equal(t, cause, scope.Close())
			scope.Cancel(nil)
			assert.Empty(t, cancels(), "there is nothing to tell")
		}
	}
}

func TestAnObserverMayCancelFromDeepInside(t *testing.T) { // F1: that is not told to it again
	told := 0
	var s *exitpool.ExitStack
	var deep func(levels int)
	deep = func(levels int) {
		if levels > 0 {
			deep(levels - 1)
			return
		}
		if told++; told < 10 {
			s.Cancel(errBoom)
		}
	}
	s, _ = exitpool.NewStack(t.Context(), exitpool.Observe(func(ev exitpool.Event) { deep(300) }))
	s.Defer(func(context.Context) error { return nil })
	assert.NoError(t, s.Close())
	assert.Equal(t, 2, told, "the beginning and the end of the release")
}
