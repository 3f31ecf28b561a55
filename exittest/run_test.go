package exittest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exittest"
	"github.com/stretchr/testify/assert"
)

func TestAPanicOfRunGoesOnAfterTheFixturesAreReleased(t *testing.T) {
	var j journal
	db := exittest.NewFixture(j.resource("db"))
	assert.PanicsWithValue(t, "boom", func() {
		runTests(t, func() int {
			test(func(t testing.TB) { db.Use(t) })
			panic("boom")
		})
	})
	assert.Equal(t, []string{"+db", "-db: exittest: the test failed, <nil>"}, j.read())
}

func TestARunInsideOfARunPanicsAndLeavesTheOuterOneAlone(t *testing.T) {
	var j journal
	db := exittest.NewFixture(j.resource("db"))
	_, status := runTests(t, func() int {
		assert.PanicsWithValue(t, "exittest: Run inside of Run", func() {
			exittest.WithFixtures(tests(func() int { return 0 })).Run()
		})
		return len(test(func(t testing.TB) { db.Use(t) }).lines)
	})
	assert.Zero(t, status)
	assert.Len(t, j.read(), 2)
}

func TestTheOptionsOfARunBoundTheReleaseOfFixtures(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	db := exittest.NewFixture(func(_ context.Context, s *exitpool.ExitStack) (string, error) {
		s.Defer(func(context.Context) error { <-hang; return nil })
		return "", nil
	}, exitpool.Name("db"))
	printed, status := runTests(t, func() int {
		return len(test(func(t testing.TB) { db.Use(t) }).lines)
	}, exitpool.Abandon(time.Millisecond))
	assert.Equal(t, 1, status)
	assert.Contains(t, printed, "db")
	assert.Contains(t, printed, "abandoned")
}

func TestTheOptionsOfAFixtureAreThoseOfItsMember(t *testing.T) {
	slow := exittest.NewFixture(func(ctx context.Context, _ *exitpool.ExitStack) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}, exitpool.AcquireTimeout(time.Millisecond), exitpool.Name("slow"))
	runTests(t, func() int {
		_, err := slow.Get(t.Context())
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorContains(t, err, "acquire slow")
		return 1
	})
}

func TestAPanicOfATaskOfAFixtureFailsTheBinaryAfterTheOthersAreReleased(t *testing.T) {
	var j journal
	death := make(chan struct{})
	bad := exittest.NewFixture(func(_ context.Context, s *exitpool.ExitStack) (string, error) {
		s.Go(func(context.Context) error { <-death; panic("boom") })
		return "", nil
	}, exitpool.Name("bad"))
	good := exittest.NewFixture(j.resource("good"))
	printed, status := runTests(t, func() int {
		test(func(t testing.TB) { bad.Use(t); good.Use(t) })
		close(death)
		return 0
	})
	assert.Equal(t, 1, status)
	assert.Contains(t, printed, "boom")
	assert.Contains(t, printed, "goroutine ")
	assert.Len(t, j.read(), 2)
}

func TestACancelOnTheStackOfAHeldFixtureIsItsDeath(t *testing.T) {
	var stack *exitpool.ExitStack
	conn := exittest.NewFixture(func(_ context.Context, s *exitpool.ExitStack) (string, error) {
		stack = s
		return "", nil
	})
	printed, status := runTests(t, func() int {
		test(func(t testing.TB) { conn.Use(t) })
		stack.Cancel(exitpool.ErrClosed) // whatever the cause is
		assert.Len(t, test(func(t testing.TB) { conn.Use(t) }).lines, 1)
		return 0
	})
	assert.Equal(t, 1, status)
	assert.Contains(t, printed, "closed")
	stack = nil
}

func TestAllThatAScopeStartsEndsInItsBubble(t *testing.T) {
	var after []string
	synctest.Test(t, func(t *testing.T) {
		death := make(chan struct{})
		got := test(func(t testing.TB) {
			s, ctx := exittest.Stack(t)
			_, err := exitpool.Enter(ctx, s, dying(death), exitpool.Name("db"))
			assert.NoError(t, err)
			close(death)
			<-ctx.Done()
		})
		after = got.lines
	})
	assert.Equal(t, []string{"exittest: run db: broken"}, after)
}
