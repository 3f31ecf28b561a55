package cookbook_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/exitpool/exitpool/examples/cookbook"
	"github.com/stretchr/testify/assert"
)

// Both versions close what came up when one of three fails.
func TestBothVersionsCloseWhatCameUp(t *testing.T) {
	type version func(context.Context, []cookbook.Opener, func(context.Context, []*cookbook.Closer) error) error
	for _, version := range []version{cookbook.WithErrgroup, cookbook.WithExitpool} {
		for _, fails := range []bool{false, true} {
			var mu sync.Mutex
			var closed []string
			onClose := func(name string) error {
				mu.Lock()
				defer mu.Unlock()
				closed = append(closed, name)
				return nil
			}
			opens := func(name string) cookbook.Opener {
				return func(context.Context) (*cookbook.Closer, error) { return &cookbook.Closer{name, onClose}, nil }
			}
			refused := errors.New("refused")
			open := []cookbook.Opener{opens("a"), opens("b")}
			if fails {
				up := open[1]
				wait := make(chan struct{})
				open[1] = func(ctx context.Context) (*cookbook.Closer, error) { defer close(wait); return up(ctx) }
				open = append(open, func(context.Context) (*cookbook.Closer, error) { <-wait; return nil, refused })
			}
			var used int
			err := version(t.Context(), open, func(_ context.Context, cs []*cookbook.Closer) error { used = len(cs); return nil })
			slices.Sort(closed)
			if fails {
				assert.ErrorIs(t, err, refused)
				assert.Zero(t, used)
				assert.Contains(t, closed, "b", "it was up")
			} else {
				assert.NoError(t, err)
				assert.Equal(t, 2, used)
				assert.Equal(t, []string{"a", "b"}, closed)
			}
		}
	}
}
