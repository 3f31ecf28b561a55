package exittest_test

import (
	"context"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exittest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tests is an M: it runs tests, in the way of testing.M.
type tests func() (status int)

func (f tests) Run() int { return f() }

// runTests runs body as the tests of a binary with fixtures, and returns what is
// printed meanwhile, and the status.
func runTests(t *testing.T, body func() (status int), opts ...exitpool.Option) (printed string, status int) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	old := os.Stderr
	os.Stderr = w
	defer func() {
		os.Stderr = old
		require.NoError(t, w.Close())
		out, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		printed = string(out)
	}()
	return "", exittest.WithFixtures(tests(body), opts...).Run()
}

func TestAFixtureIsAcquiredAtItsFirstUseOnceForAllAndReleasedAfterTheLastTest(t *testing.T) {
	var j journal
	db := exittest.NewFixture(j.resource("db"))
	unused := exittest.NewFixture(j.resource("unused"))
	printed, status := runTests(t, func() int {
		j.note("begin")
		var parallel sync.WaitGroup
		for range 10 {
			parallel.Go(func() {
				got := test(func(t testing.TB) { assert.Equal(t, "db", db.Use(t)) })
				assert.Empty(t, got.lines)
			})
		}
		parallel.Wait()
		j.note("end")
		return 0
	})
	assert.Equal(t, []string{"begin", "+db", "end", "-db: <nil>, <nil>"}, j.read())
	assert.Zero(t, status)
	assert.Empty(t, printed)
	assert.NotNil(t, unused)
}

func TestAFixtureThatUsesAnotherIsReleasedBeforeIt(t *testing.T) {
	var j journal
	db := exittest.NewFixture(j.resource("db"))
	schema := exittest.NewFixture(func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
		v, err := db.Get(ctx)
		if err != nil {
			return "", err
		}
		return exitpool.Enter(ctx, s, j.resource("schema on "+v))
	})
	_, status := runTests(t, func() int {
		test(func(t testing.TB) { schema.Use(t) })
		return 0
	})
	assert.Zero(t, status)
	assert.Equal(t, []string{"+db", "+schema on db", "-schema on db: <nil>, <nil>", "-db: <nil>, <nil>"}, j.read())
}

func TestAResourceOfATestCanUseAFixture(t *testing.T) {
	var j journal
	db := exittest.NewFixture(j.resource("db"))
	_, status := runTests(t, func() int {
		got := test(func(t testing.TB) {
			exittest.Enter(t, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				if _, err := db.Get(ctx); err != nil {
					return "", err
				}
				return exitpool.Enter(ctx, s, j.resource("tx"))
			})
			t.Cleanup(func() { db.Use(t) })
		})
		assert.Empty(t, got.lines)
		return 0
	})
	assert.Zero(t, status)
	assert.Equal(t, []string{"+db", "+tx", "-tx: <nil>, <nil>", "-db: <nil>, <nil>"}, j.read())
}

func TestFixturesAreToldThatATestFailed(t *testing.T) {
	var j journal
	db := exittest.NewFixture(j.resource("db"))
	printed, status := runTests(t, func() int {
		test(func(t testing.TB) { db.Use(t) })
		return 3
	})
	assert.Equal(t, 3, status)
	assert.Empty(t, printed)
	assert.Equal(t, "-db: exittest: the test failed, <nil>", j.read()[1])
}

func TestFixturesThatUseEachOtherInACircleSayIt(t *testing.T) {
	var a, b *exittest.Fixture[string]
	a = exittest.NewFixture(func(ctx context.Context, _ *exitpool.ExitStack) (string, error) { return b.Get(ctx) }, exitpool.Name("a"))
	b = exittest.NewFixture(func(ctx context.Context, _ *exitpool.ExitStack) (string, error) { return a.Get(ctx) }, exitpool.Name("b"))
	runTests(t, func() int {
		_, err := a.Get(t.Context())
		assert.ErrorIs(t, err, exitpool.ErrCycle)
		assert.ErrorContains(t, err, "b -> a -> b")
		return 1
	})
}

func TestGetWaitsNoLongerThanItsContext(t *testing.T) {
	open := make(chan struct{})
	slow := exittest.NewFixture(func(context.Context, *exitpool.ExitStack) (string, error) { <-open; return "slow", nil })
	runTests(t, func() int {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := slow.Get(ctx)
		assert.ErrorIs(t, err, context.Canceled)
		close(open)
		v, err := slow.Get(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, "slow", v)
		return 0
	})
}

func TestAFixtureThatNobodyWaitsForAnyMoreIsReleasedToo(t *testing.T) {
	begun := make(chan struct{})
	var j journal
	slow := exittest.NewFixture(func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
		close(begun)
		<-ctx.Done()
		return j.resource("slow")(ctx, s)
	})
	printed, status := runTests(t, func() int {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-begun; cancel() }()
		_, err := slow.Get(ctx)
		assert.ErrorIs(t, err, context.Canceled)
		return 0
	})
	assert.Zero(t, status)
	assert.Empty(t, printed)
	assert.Len(t, j.read(), 2)
}

func TestThePackageWithoutMainSaysWhatToAdd(t *testing.T) {
	play(t, map[string]scenario{"without Main": {
		main: "none", status: 1,
		body:   func(t *testing.T) { exittest.NewFixture(leaves).Use(t) },
		prints: []string{"fixture exittest_test.leaves:", "func TestMain(m *testing.M) { exittest.Main(m) }"},
	}})
}

func TestAFixtureUsedAfterTheRunSaysThatItIsClosed(t *testing.T) {
	var j journal
	db := exittest.NewFixture(j.resource("db"))
	late := exittest.NewFixture(j.resource("late"))
	use := func(f *exittest.Fixture[string]) (err error) { _, err = f.Get(t.Context()); return err }
	runTests(t, func() int { assert.NoError(t, use(db)); return 0 })
	assert.ErrorIs(t, use(db), exitpool.ErrClosed)
	assert.ErrorIs(t, use(late), exitpool.ErrClosed)
	runTests(t, func() int { assert.NoError(t, use(db)); return 0 })
	assert.Equal(t, 2, len(slices.DeleteFunc(j.read(), func(s string) bool { return s != "+db" })), "a second run has new ones")
}

func TestTheNameOfAFixtureLeadsToIt(t *testing.T) {
	runTests(t, func() int {
		assert.Equal(t, []string{"exittest: acquire exittest_test.refuses: broken"},
			test(func(t testing.TB) { exittest.NewFixture(refuses).Use(t) }).lines)
		assert.Equal(t, []string{"exittest: acquire fixture_test.go:" + strconv.Itoa(line+1) + ": broken"},
			test(func(t testing.TB) { literal.Use(t) }).lines)
		return 1
	})
}

var (
	_, _, line, _ = runtime.Caller(0)
	literal       = exittest.NewFixture(func(context.Context, *exitpool.ExitStack) (string, error) { return "", errBroken })
)
