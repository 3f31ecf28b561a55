package exittest_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exittest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEnterReleasesInOneOrderWithCleanup(t *testing.T) {
	var j journal
	got := test(func(t testing.TB) {
		assert.Equal(t, "a", exittest.Enter(t, j.resource("a")))
		t.Cleanup(func() { j.note("cleanup") })
		exittest.Enter(t, j.resource("b"))
	})
	assert.Empty(t, got.lines)
	assert.Equal(t, []string{"+a", "+b", "-b: <nil>, <nil>", "cleanup", "-a: <nil>, <nil>"}, j.read())
}

func TestWhatAResourceGivesToCleanupRunsAfterItsRelease(t *testing.T) {
	var j journal
	test(func(t testing.TB) {
		exittest.Enter(t, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
			t.Cleanup(func() { j.note("the directory is removed") })
			return exitpool.Enter(ctx, s, j.resource("db"))
		})
	})
	assert.Equal(t, []string{"+db", "-db: <nil>, <nil>", "the directory is removed"}, j.read())
}

func TestEnterThatFailsEndsTheTestNamingTheResource(t *testing.T) {
	after := false
	got := test(func(t testing.TB) {
		exittest.Enter(t, refuses)
		after = true
	})
	assert.False(t, after)
	assert.Equal(t, []string{"exittest: acquire exittest_test.refuses: broken"}, got.lines)
	got = test(func(t testing.TB) { exittest.Enter(t, refuses, exitpool.Name("db")) })
	assert.Equal(t, []string{"exittest: acquire db: broken"}, got.lines)
}

func TestEnterThatFailsReleasesWhatWasRegistered(t *testing.T) {
	var j journal
	got := test(func(t testing.TB) {
		exittest.Enter(t, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			_, err := exitpool.Enter(ctx, s, j.resource("part"))
			require.NoError(t, err)
			s.Defer(func(context.Context) error { return errBroken })
			return 0, assert.AnError
		}, exitpool.Name("whole"))
	})
	assert.Equal(t, []string{"exittest: acquire whole: " + assert.AnError.Error() + "; release whole: broken"}, got.lines)
	assert.Len(t, j.read(), 2)
}

func TestAPanicInEnterEndsTheTestAndNotTheBinary(t *testing.T) {
	var j journal
	got := test(func(t testing.TB) {
		exittest.Enter(t, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			_, err := exitpool.Enter(ctx, s, j.resource("part"))
			require.NoError(t, err)
			panic("boom")
		}, exitpool.Name("db"))
	})
	require.Len(t, got.lines, 1)
	assert.Contains(t, got.lines[0], "boom")
	assert.Contains(t, got.lines[0], "db")
	assert.NotContains(t, got.lines[0], "panic:  ", "it did not go on")
	assert.Len(t, j.read(), 2)
}

func TestFailNowAndSkipNowInEnterGoOn(t *testing.T) {
	for name, end := range map[string]func(testing.TB){
		"FailNow": testing.TB.FailNow,
		"SkipNow": testing.TB.SkipNow,
	} {
		t.Run(name, func(t *testing.T) {
			var j journal
			after := false
			got := test(func(t testing.TB) {
				exittest.Enter(t, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					_, err := exitpool.Enter(ctx, s, j.resource("part"))
					require.NoError(t, err)
					end(t)
					return 0, nil
				})
				after = true
			})
			assert.False(t, after)
			assert.Empty(t, got.lines)
			assert.Equal(t, name == "FailNow", got.failed)
			assert.Equal(t, []string{"+part", "-part: exitpool: runtime.Goexit was called, <nil>"}, j.read())
		})
	}
}

func TestAGoexitInEnterFailsTheTest(t *testing.T) {
	got := test(func(t testing.TB) {
		exittest.Enter(t, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { return errBroken })
			runtime.Goexit()
			return 0, nil
		}, exitpool.Name("db"))
	})
	require.Len(t, got.lines, 2)
	assert.Contains(t, got.lines[0], exitpool.ErrGoexit.Error())
	assert.Equal(t, "exittest: release db: broken", got.lines[1])
}

func TestAResourceThatDiesFailsTheTestThatHoldsIt(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		var j journal
		got := test(func(t testing.TB) {
			death := make(chan struct{})
			exittest.Enter(t, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				s.Push(func(_ context.Context, cause error) error { j.note("told: %v", cause); return nil })
				return dying(death)(ctx, s)
			}, exitpool.Name("db"))
			close(death)
			synctest.Wait() // it has died
			exittest.Enter(t, j.resource("newer"))
		})
		assert.Equal(t, []string{"exittest: run db: broken"}, got.lines)
		assert.Equal(t, []string{"+newer", "-newer: <nil>, <nil>", "told: run db: broken"}, j.read())
	})
}
