package timeline_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/timeline"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

// takes returns a Resource that takes up to acquire, after it has got the others, and
// down to release.
func takes(up, down time.Duration, uses ...*exitpool.Entry[int]) exitpool.Resource[int] {
	return func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		for _, e := range uses {
			if _, err := e.Get(ctx); err != nil {
				return 0, err
			}
		}
		s.Defer(sleeps(down))
		time.Sleep(up)
		return 0, nil
	}
}

func sleeps(d time.Duration) func(context.Context) error {
	return func(context.Context) error { time.Sleep(d); return nil }
}

// record runs body in a pool, in virtual time, and returns what was recorded.
func record(t *testing.T, body func(ctx context.Context, p *exitpool.ExitPool) error, opts ...exitpool.Option) *timeline.Recorder {
	t.Helper()
	var rec timeline.Recorder
	synctest.Test(t, func(t *testing.T) {
		_ = exitpool.WithPool(t.Context(), body, append(opts, exitpool.Observe(rec.Observe))...) // its error is recorded, too
	})
	return &rec
}

// service is the example of the docs: an api that uses a database and a cache.
func service(ctx context.Context, p *exitpool.ExitPool) error {
	db := exitpool.Start(p, takes(1200*ms, 500*ms), exitpool.Name("db"))
	cache := exitpool.Start(p, takes(900*ms, 200*ms), exitpool.Name("cache"))
	exitpool.Start(p, takes(720*ms, 300*ms, db, cache), exitpool.Name("api"))
	if err := p.Wait(ctx); err != nil {
		return err
	}
	time.Sleep(time.Second)
	return nil
}

// requireTiled requires that the steps fill the path without gap or overlap.
func requireTiled(t *testing.T, p timeline.Path) {
	t.Helper()
	at := p.Start
	for _, s := range p.Steps {
		require.True(t, at.Equal(s.Start), "%v: %s begins at %v, not %v", p, s.Name, s.Start, at)
		require.Positive(t, s.Elapsed)
		at = at.Add(s.Elapsed)
	}
	require.Equal(t, p.Elapsed, at.Sub(p.Start), "%v", p)
}

func text(t *testing.T, rec *timeline.Recorder, columns int) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, rec.WriteText(&b, columns))
	return b.String()
}
