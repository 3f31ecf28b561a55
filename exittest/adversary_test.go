package exittest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exittest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// What might leak, hang or lose an error.

func TestAFailNowInAMemberFailsTheTest(t *testing.T) {
	var j journal
	got := test(func(t testing.TB) {
		p, ctx := exittest.Pool(t)
		_, err := exitpool.Start(p, j.resource("good")).Get(ctx)
		require.NoError(t, err)
		exitpool.Start(p, func(context.Context, *exitpool.ExitStack) (int, error) { t.FailNow(); return 0, nil })
		<-ctx.Done()
	})
	assert.True(t, got.failed)
	assert.Len(t, j.read(), 2)
}

func TestAnObserverThatPanicsFailsTheTestAndEverythingIsReleased(t *testing.T) {
	var j journal
	got := test(func(t testing.TB) {
		s, _ := exittest.Stack(t, exitpool.Observe(func(exitpool.Event) { panic("boom") }))
		s.Defer(func(context.Context) error { j.note("released"); return nil })
	})
	require.Len(t, got.lines, 1)
	assert.Contains(t, got.lines[0], "boom")
	assert.Equal(t, []string{"released"}, j.read())
}

func TestAReleaseThatEntersAnotherResourceHasItReleased(t *testing.T) {
	var j journal
	got := test(func(t testing.TB) {
		s, _ := exittest.Stack(t)
		s.Defer(func(context.Context) error { exittest.Enter(t, j.resource("late")); return nil })
	})
	assert.Empty(t, got.lines)
	assert.Equal(t, []string{"+late", "-late: <nil>, <nil>"}, j.read())
}

func TestAPushFunctionThatWrapsErrFailedIsReported(t *testing.T) {
	got := test(func(t testing.TB) {
		s, _ := exittest.Stack(t)
		s.Push(func(_ context.Context, cause error) error { return fmt.Errorf("rollback: %w", cause) })
		t.Error("x")
	})
	require.Len(t, got.lines, 2)
	assert.Contains(t, got.lines[1], "rollback: exittest: the test failed")
}

func TestAFixtureThatIsHeldCostsNoGoroutine(t *testing.T) {
	var j journal
	db := exittest.NewFixture(j.resource("db"))
	runTests(t, func() int {
		db.Use(t)
		goleak.VerifyNone(t, goleak.IgnoreCurrent())
		before := goleak.IgnoreCurrent()
		test(func(t testing.TB) {
			db.Use(t)
			s, _ := exittest.Stack(t)
			s.Go(func(ctx context.Context) error { <-ctx.Done(); return nil })
		})
		goleak.VerifyNone(t, before)
		return 0
	})
}

func TestAFixtureUsedInAReleaseDoesNotHang(t *testing.T) {
	var j journal
	late := exittest.NewFixture(j.resource("late"), exitpool.Name("late"))
	db := exittest.NewFixture(func(_ context.Context, s *exitpool.ExitStack) (string, error) {
		s.Defer(func(ctx context.Context) error { _, err := late.Get(ctx); return err })
		return "", nil
	}, exitpool.Name("db"))
	printed, status := runTests(t, func() int { db.Use(t); return 0 })
	assert.Equal(t, "exittest: release db: fixture late: exitpool: closed\n", printed)
	assert.Equal(t, 1, status)
	assert.Empty(t, j.read())
}

func TestManyFixturesUsedAtOnceAreAllReleasedAfterTheirUsers(t *testing.T) {
	const n = 50
	var all [n]*exittest.Fixture[int]
	var holds [n]atomic.Int32 // itself and its users
	for i := range all {
		all[i] = exittest.NewFixture(func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			var used []int
			for range 3 {
				if i == 0 {
					break
				}
				k := rand.IntN(i)
				if _, err := all[k].Get(ctx); err != nil {
					return 0, err
				}
				holds[k].Add(1)
				used = append(used, k)
			}
			holds[i].Add(1)
			s.Defer(func(context.Context) error {
				if left := holds[i].Add(-1); left != 0 {
					return fmt.Errorf("%d are left", left)
				}
				for _, k := range used {
					holds[k].Add(-1)
				}
				return nil
			})
			return i, nil
		})
	}
	printed, status := runTests(t, func() int {
		var wg sync.WaitGroup
		for range 4 * n {
			k := rand.IntN(n)
			wg.Go(func() {
				got := test(func(t testing.TB) { assert.Equal(t, k, all[k].Use(t)) })
				assert.Empty(t, got.lines)
			})
		}
		wg.Wait()
		return 0
	})
	assert.Zero(t, status)
	assert.Empty(t, printed)
	for i := range holds {
		assert.Zero(t, holds[i].Load())
	}
}

func FuzzWithAFixture(f *testing.F) {
	if os.Getenv("EXITTEST_MAIN") == "" {
		f.Skip("this binary has no Main: TestAFuzzTargetUsesFixturesAndScopes runs it")
	}
	shared.Use(f)
	exittest.Enter(f, said("entered"))
	f.Add(1)
	f.Fuzz(func(t *testing.T, n int) {
		shared.Use(t)
		exittest.Enter(t, said(fmt.Sprint("input ", n > 0)))
	})
}

func TestAFuzzTargetUsesFixturesAndScopes(t *testing.T) {
	out, status := runBinary("exittest", "", "-test.run=^FuzzWithAFixture$")
	require.Zero(t, status, out)
	assert.Equal(t, "+ shared\n+ entered\n+ input true\n- input true <nil>\n- entered <nil>\nPASS\n- shared <nil>\n", out)
}
