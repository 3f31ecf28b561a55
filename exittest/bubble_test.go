package exittest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exittest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serves takes an hour to start and an hour to stop.
func serves(_ context.Context, s *exitpool.ExitStack) (time.Time, error) {
	time.Sleep(time.Hour)
	stop := make(chan struct{})
	s.Go(func(context.Context) error { <-stop; return nil })
	s.Defer(func(context.Context) error { time.Sleep(time.Hour); close(stop); return nil })
	return time.Now(), nil
}

func TestScopesWorkInABubble(t *testing.T) {
	var began, ended time.Time
	synctest.Test(t, func(t *testing.T) {
		began = time.Now()
		t.Cleanup(func() { ended = time.Now() })
		up := exittest.Enter(t, serves)
		assert.Equal(t, time.Hour, up.Sub(began))
		s, ctx := exittest.Stack(t)
		_, err := exitpool.Enter(ctx, s, serves)
		require.NoError(t, err)
		p, ctx := exittest.Pool(t)
		exitpool.Start(p, serves)
		exitpool.Start(p, serves)
		require.NoError(t, p.Wait(ctx))
	})
	assert.Equal(t, 6*time.Hour, ended.Sub(began))
}

func TestAFixtureInABubbleSaysWhatToDo(t *testing.T) {
	var j journal
	held, fresh := exittest.NewFixture(j.resource("held"), exitpool.Name("held")), exittest.NewFixture(j.resource("fresh"))
	runTests(t, func() int {
		held.Use(t)
		synctest.Test(t, func(t *testing.T) {
			for _, f := range []*exittest.Fixture[string]{held, fresh} {
				_, err := f.Get(context.Background())
				assert.ErrorContains(t, err, "inside a synctest bubble")
				got := test(func(t testing.TB) { f.Use(t) })
				require.Len(t, got.lines, 1)
				assert.Contains(t, got.lines[0], "use it before synctest.Test, or acquire a resource of this test with exittest.Enter")
			}
			got := test(func(t testing.TB) {
				exittest.Enter(t, func(ctx context.Context, _ *exitpool.ExitStack) (string, error) { return held.Get(ctx) }, exitpool.Name("user"))
			})
			require.Len(t, got.lines, 1)
			assert.Contains(t, got.lines[0], "exittest: acquire user: fixture held: used inside a synctest bubble")
		})
		held.Use(t)
		return 0
	})
	assert.Equal(t, []string{"+held", "-held: <nil>, <nil>"}, j.read())
}

func TestTheValueOfAFixtureCanBeUsedInABubble(t *testing.T) {
	type server struct{ requests, answers chan int }
	f := exittest.NewFixture(func(_ context.Context, s *exitpool.ExitStack) (server, error) {
		v := server{make(chan int), make(chan int)}
		s.Go(func(context.Context) error {
			for r := range v.requests {
				v.answers <- r + 1
			}
			return nil
		})
		s.Defer(func(context.Context) error { close(v.requests); return nil })
		return v, nil
	})
	_, status := runTests(t, func() int {
		v := f.Use(t)
		synctest.Test(t, func(t *testing.T) {
			v.requests <- 1
			assert.Equal(t, 2, <-v.answers)
		})
		return 0
	})
	assert.Zero(t, status)
}
