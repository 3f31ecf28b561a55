package exittest_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exittest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFixtureThatCannotBeAcquiredFailsEachTestThatUsesItAndNoOther(t *testing.T) {
	var j journal
	for name, fail := range map[string]func() error{
		"error":  func() error { return errBroken },
		"panic":  func() error { panic("broken") },
		"Goexit": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			tries := 0
			bad := exittest.NewFixture(func(context.Context, *exitpool.ExitStack) (string, error) {
				tries++
				return "", fail()
			}, exitpool.Name("bad"))
			dependant := exittest.NewFixture(func(ctx context.Context, _ *exitpool.ExitStack) (string, error) {
				return bad.Get(ctx)
			}, exitpool.Name("dependant"))
			good := exittest.NewFixture(j.resource("good"))
			printed, status := runTests(t, func() int {
				for range 2 {
					got := test(func(t testing.TB) { bad.Use(t) })
					require.Len(t, got.lines, 1)
					assert.Contains(t, got.lines[0], "exittest: acquire bad: ")
				}
				got := test(func(t testing.TB) { dependant.Use(t) })
				require.Len(t, got.lines, 1)
				assert.Contains(t, got.lines[0], "exittest: acquire dependant: acquire bad: ")
				assert.Empty(t, test(func(t testing.TB) { good.Use(t) }).lines)
				return 1
			})
			assert.Equal(t, 1, tries)
			assert.Equal(t, 1, status)
			assert.Empty(t, printed, "the tests have reported it")
		})
	}
}

func TestAFixtureThatDiesFailsFurtherUsesAndTheBinary(t *testing.T) {
	death := make(chan struct{})
	mortal := exittest.NewFixture(dying(death), exitpool.Name("mortal"))
	var j journal
	other := exittest.NewFixture(j.resource("other"))
	printed, status := runTests(t, func() int {
		assert.Empty(t, test(func(t testing.TB) { mortal.Use(t) }).lines)
		close(death)
		for { // until it has died
			_, err := mortal.Get(context.Background())
			if err != nil {
				break
			}
			runtime.Gosched()
		}
		assert.Equal(t, []string{"exittest: run mortal: broken"}, test(func(t testing.TB) { mortal.Use(t) }).lines)
		assert.Empty(t, test(func(t testing.TB) { other.Use(t) }).lines)
		return 0
	})
	assert.Equal(t, "exittest: run mortal: broken\n", printed)
	assert.Equal(t, 1, status)
}

func TestWhatFailsInReleasingAFixtureFailsTheBinary(t *testing.T) {
	for name, c := range map[string]struct {
		fail    func(context.Context) error
		printed string
	}{
		"error":  {func(context.Context) error { return errBroken }, "exittest: release db: broken\n"},
		"panic":  {func(context.Context) error { panic("boom") }, "boom"},
		"Goexit": {func(context.Context) error { runtime.Goexit(); return nil }, exitpool.ErrGoexit.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			var j journal
			db := exittest.NewFixture(func(_ context.Context, s *exitpool.ExitStack) (string, error) {
				s.Defer(c.fail)
				return "", nil
			}, exitpool.Name("db"))
			other := exittest.NewFixture(j.resource("other"))
			printed, status := runTests(t, func() int {
				return len(test(func(t testing.TB) { db.Use(t); other.Use(t) }).lines)
			})
			assert.Contains(t, printed, c.printed)
			assert.Equal(t, 1, status)
			assert.Equal(t, []string{"+other", "-other: <nil>, <nil>"}, j.read())
		})
	}
}

func TestATaskThatFailsWhileItsFixtureIsReleasedFailsTheBinary(t *testing.T) {
	server := exittest.NewFixture(func(_ context.Context, s *exitpool.ExitStack) (string, error) {
		s.Go(func(ctx context.Context) error { <-ctx.Done(); return errBroken })
		s.Defer(func(context.Context) error { return assert.AnError })
		return "", nil
	}, exitpool.Name("server"))
	printed, status := runTests(t, func() int {
		return len(test(func(t testing.TB) { server.Use(t) }).lines)
	})
	assert.Equal(t, "exittest: release server: "+assert.AnError.Error()+"\nexittest: run server: broken\n", printed)
	assert.Equal(t, 1, status)
}
