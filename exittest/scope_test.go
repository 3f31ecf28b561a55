package exittest_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exittest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAStackExitsWhenTheTestHasEndedAlthoughItsContextHas(t *testing.T) {
	var j journal
	got := test(func(t testing.TB) {
		s, ctx := exittest.Stack(t)
		_, err := exitpool.Enter(ctx, s, j.resource("db"))
		j.note("%v", err)
		j.note("the test ends: %v, %v", ctx.Err(), t.Context().Err())
	})
	assert.False(t, got.failed)
	assert.Equal(t, []string{"+db", "<nil>", "the test ends: <nil>, <nil>", "-db: <nil>, <nil>"}, j.read())
}

func TestThingsCanBeAcquiredInCleanupAndLiveThere(t *testing.T) {
	var j journal
	got := test(func(t testing.TB) {
		s, ctx := exittest.Stack(t)
		p, _ := exittest.Pool(t)
		t.Cleanup(func() {
			<-ctx.Done() // it ends with the test: else this would wait for ever
			j.note("%v", t.Context().Err())
			_, err := exitpool.Enter(context.Background(), s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error { j.note("released, %v", ctx.Err()); return nil })
				return 0, ctx.Err()
			})
			j.note("%v", err)
			_, err = exitpool.Start(p, j.resource("member")).Get(context.Background())
			j.note("%v", err)
			exittest.Enter(t, j.resource("entered"))
		})
	})
	assert.Empty(t, got.lines)
	assert.Equal(t, []string{"context canceled", "<nil>", "+member", "<nil>", "+entered",
		"-entered: <nil>, <nil>", "-member: <nil>, <nil>", "released, <nil>"}, j.read())
}

func TestAFailedTestTellsPushFunctionsAndReportsNothingOfIt(t *testing.T) {
	for name, fail := range map[string]func(testing.TB){
		"Error":   func(t testing.TB) { t.Error("x") },
		"FailNow": func(t testing.TB) { t.FailNow() },
		"panic":   func(t testing.TB) { panic("x") },
	} {
		t.Run(name, func(t *testing.T) {
			var told []error
			push := func(_ context.Context, cause error) error { told = append(told, cause); return nil }
			got := test(func(t testing.TB) {
				s, _ := exittest.Stack(t)
				s.Push(push)
				p, _ := exittest.Pool(t)
				p.Push(push)
				fail(t)
			})
			require.Len(t, told, 2)
			assert.Equal(t, exittest.ErrFailed, told[0])
			assert.Equal(t, exittest.ErrFailed, told[1])
			assert.NotContains(t, got.lines, "exittest: "+exittest.ErrFailed.Error())
		})
	}
}

func TestWhatFailsInReleaseIsAnErrorOfTheTestThatNamesIt(t *testing.T) {
	got := test(func(t testing.TB) {
		s, ctx := exittest.Stack(t)
		_, err := exitpool.Enter(ctx, s, leaves, exitpool.Name("db"))
		require.NoError(t, err)
		s.Defer(func(context.Context) error { return errBroken })
	})
	assert.Equal(t, []string{
		"exittest: release exittest_test.TestWhatFailsInReleaseIsAnErrorOfTheTestThatNamesIt.func1.1#1: broken",
		"exittest: release db: broken",
	}, got.lines)
}

func TestWhatFailsInReleaseIsReportedOfAFailedTestToo(t *testing.T) {
	got := test(func(t testing.TB) {
		p, ctx := exittest.Pool(t)
		_, err := exitpool.Start(p, leaves, exitpool.Name("db")).Get(ctx)
		require.NoError(t, err)
		t.Error("x")
	})
	assert.Equal(t, []string{"x", "exittest: release db: broken"}, got.lines)
}

func TestAForcedExitFailsTheTestThatDidNotLook(t *testing.T) {
	got := test(func(t testing.TB) {
		s, ctx := exittest.Stack(t)
		death := make(chan struct{})
		_, err := exitpool.Enter(ctx, s, dying(death), exitpool.Name("db"))
		require.NoError(t, err)
		close(death)
		<-ctx.Done()
		assert.ErrorIs(t, context.Cause(ctx), errBroken)
	})
	assert.Equal(t, []string{"exittest: run db: broken"}, got.lines)
	got = test(func(t testing.TB) {
		s, _ := exittest.Stack(t)
		s.Cancel(errBroken)
		t.Error("x")
	})
	assert.Equal(t, []string{"x", "exittest: broken"}, got.lines)
	got = test(func(t testing.TB) {
		s, _ := exittest.Stack(t)
		s.Cancel(nil)
	})
	assert.Empty(t, got.lines)
}

func TestAMemberThatCannotBeAcquiredFailsTheTestThatDoesNotWait(t *testing.T) {
	got := test(func(t testing.TB) {
		p, ctx := exittest.Pool(t)
		exitpool.Start(p, refuses, exitpool.Name("db"))
		<-ctx.Done()
	})
	assert.Equal(t, []string{"exittest: acquire db: broken"}, got.lines)
}

func TestWhatIsInFlightWhenTheTestEndsIsNoFailure(t *testing.T) {
	var begun, cause = make(chan struct{}), error(nil)
	got := test(func(t testing.TB) {
		p, _ := exittest.Pool(t)
		exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
			close(begun)
			<-ctx.Done()
			cause = context.Cause(ctx)
			return 0, ctx.Err()
		})
		<-begun
	})
	assert.Empty(t, got.lines)
	assert.Equal(t, exitpool.ErrClosed, cause)
}

func TestAPanicInReleaseFailsTheTestAndEverythingElseIsReleased(t *testing.T) {
	var j journal
	got := test(func(t testing.TB) {
		exittest.Enter(t, j.resource("older"))
		s, _ := exittest.Stack(t)
		s.Defer(func(context.Context) error { j.note("same stack"); return errBroken })
		s.Defer(func(context.Context) error { panic("boom") })
	})
	require.Len(t, got.lines, 1)
	assert.Contains(t, got.lines[0], "boom")
	assert.Contains(t, got.lines[0], "broken")
	assert.Equal(t, []string{"+older", "same stack", "-older: exittest: the test failed, <nil>"}, j.read())
}

func TestAGoexitInReleaseFailsTheTest(t *testing.T) {
	got := test(func(t testing.TB) {
		s, _ := exittest.Stack(t)
		s.Defer(func(context.Context) error { return errBroken })
		s.Defer(func(context.Context) error { runtime.Goexit(); return nil })
	})
	require.Len(t, got.lines, 2)
	assert.Equal(t, "exittest: "+exitpool.ErrGoexit.Error(), got.lines[0])
	assert.Contains(t, got.lines[1], "broken")
}

func TestAFailNowInReleaseIsNotReportedASecondTime(t *testing.T) {
	got := test(func(t testing.TB) {
		s, _ := exittest.Stack(t)
		s.Defer(func(context.Context) error { t.FailNow(); return nil })
	})
	assert.True(t, got.failed)
	assert.Empty(t, got.lines)
}

func TestAnExitOfTheTestItselfIsReportedOnce(t *testing.T) {
	got := test(func(t testing.TB) {
		s, _ := exittest.Stack(t)
		s.Defer(func(context.Context) error { return errBroken })
		_ = s.Close()
	})
	assert.Len(t, got.lines, 1)
	assert.Contains(t, got.lines[0], "broken")
}

func TestTheOptionsAreThoseOfTheScope(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		got := test(func(t testing.TB) {
			s, _ := exittest.Stack(t, exitpool.Grace(time.Hour))
			s.Defer(func(ctx context.Context) error { <-ctx.Done(); return nil })
		})
		require.Len(t, got.lines, 1)
		assert.Contains(t, got.lines[0], exitpool.ErrGrace.Error())
	})
}

func TestNilPanicsAtTheCall(t *testing.T) {
	assert.PanicsWithValue(t, "exittest: Stack: nil TB", func() { exittest.Stack(nil) })
	assert.PanicsWithValue(t, "exittest: Pool: nil TB", func() { exittest.Pool(nil) })
	assert.PanicsWithValue(t, "exittest: Enter: nil TB", func() { exittest.Enter(nil, leaves) })
	assert.PanicsWithValue(t, "exittest: Enter: nil Resource", func() { exittest.Enter[int](t, nil) })
	assert.PanicsWithValue(t, "exittest: NewFixture: nil Resource", func() { exittest.NewFixture[int](nil) })
	assert.Panics(t, func() { exittest.NewFixture(leaves, nil) })
	assert.PanicsWithValue(t, "exittest: Use: nil TB", func() { exittest.NewFixture(leaves).Use(nil) })
	assert.PanicsWithValue(t, "exittest: Get: nil Context", func() { var none context.Context; _, _ = exittest.NewFixture(leaves).Get(none) })
	assert.PanicsWithValue(t, "exittest: WithFixtures: nil M", func() { exittest.WithFixtures(nil) })
}
