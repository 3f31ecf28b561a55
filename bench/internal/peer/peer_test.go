package peer_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/exitpool/exitpool/bench/internal/peer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counted is a job whose openings and closings are counted, each for itself.
type counted struct {
	mu             sync.Mutex
	opened, closed map[int]int
	heldInBody     int
}

func (c *counted) job(n, failing int) peer.Job {
	c.opened, c.closed = map[int]int{}, map[int]int{}
	return peer.Job{
		N: n,
		Open: func(_ context.Context, i int) (*peer.Conn, error) {
			if i == failing {
				return nil, errOpen
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.opened[i]++
			return &peer.Conn{OnClose: func(ctx context.Context) error {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.closed[i]++
				return ctx.Err()
			}}, nil
		},
		Body: func(context.Context) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.heldInBody = len(c.opened) - len(c.closed)
			return nil
		},
	}
}

var errOpen = errors.New("open")

func TestEveryPeerOpensAllAndClosesEachOnce(t *testing.T) {
	for _, p := range peer.All() {
		for _, n := range []int{1, 2, 10, 100} {
			t.Run(p.Name, func(t *testing.T) {
				var c counted
				require.NoError(t, p.Run(t.Context(), c.job(n, -1)))
				assert.Equal(t, n, c.heldInBody, "held while the body runs")
				assert.Len(t, c.opened, n)
				assert.Equal(t, c.opened, c.closed)
				for i, times := range c.closed {
					assert.Equal(t, 1, times, "closing %d", i)
				}
			})
		}
	}
}

func TestAFailureIsReturnedAndWhatWasOpenedIsClosedUnlessThePeerLeaks(t *testing.T) {
	for _, p := range peer.All() {
		t.Run(p.Name, func(t *testing.T) {
			var c counted
			require.Error(t, p.Run(t.Context(), c.job(50, 25)))
			assert.Zero(t, c.heldInBody, "the body runs only when all are open")
			if !p.Leaks {
				assert.Equal(t, c.opened, c.closed)
			}
		})
	}
}

func TestTheErrorOfTheBodyIsReturnedAndAllIsClosed(t *testing.T) {
	for _, p := range peer.All() {
		t.Run(p.Name, func(t *testing.T) {
			var c counted
			job := c.job(10, -1)
			job.Body = func(context.Context) error { return errOpen }
			require.ErrorIs(t, p.Run(t.Context(), job), errOpen)
			assert.Len(t, c.opened, 10)
			assert.Equal(t, c.opened, c.closed)
		})
	}
}

func TestEveryPeerSaysWhatItLacks(t *testing.T) {
	for _, p := range peer.All() {
		assert.NotEmpty(t, p.Lacks, p.Name)
	}
}
