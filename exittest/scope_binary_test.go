package exittest_test

import (
	"context"
	"os"
	"runtime"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exittest"
	"github.com/stretchr/testify/require"
)

func TestScopesInATestBinary(t *testing.T) {
	play(t, map[string]scenario{
		"a failing release is reported at the line of Stack": {
			status: 1,
			body: func(t *testing.T) {
				s, _ := exittest.Stack(t)
				s.Defer(func(context.Context) error { return errBroken })
			},
			prints: []string{"--- FAIL: TestScopesInATestBinary", linesAbove(3) + ": exittest: release ", ": broken"},
		},
		"a failing release is reported at the line of Enter": {
			status: 1,
			body: func(t *testing.T) {
				exittest.Enter(t, leaves)
			},
			prints: []string{linesAbove(2) + ": exittest: release exittest_test.leaves: broken"},
		},
		"a failing acquisition is reported at the line of Enter": {
			status: 1,
			body: func(t *testing.T) {
				exittest.Enter(t, refuses)
			},
			prints: []string{linesAbove(2) + ": exittest: acquire exittest_test.refuses: broken"},
		},
		"a panic of a test still releases its scopes, told that it failed": {
			status: 2,
			body: func(t *testing.T) {
				exittest.Enter(t, said("db"))
				t.Run("sub", func(t *testing.T) {
					exittest.Enter(t, said("tx"))
					panic("boom")
				})
			},
			prints: []string{"+ db", "+ tx", "- tx exittest: the test failed", "- db exittest: the test failed", "panic: boom"},
		},
		"a panic of a test does not hide a failing release": {
			status: 2,
			body: func(t *testing.T) {
				exittest.Enter(t, leaves)
				panic("boom")
			},
			prints: []string{"exittest: release exittest_test.leaves: broken", "panic: boom"},
		},
		"a Goexit of a test releases its scopes, told that it failed": {
			status: 2,
			body: func(t *testing.T) {
				exittest.Enter(t, said("db"))
				runtime.Goexit()
			},
			prints: []string{"- db exittest: the test failed", "panic: test executed panic(nil) or runtime.Goexit"},
		},
		"a skipped test has not failed, nor has one that recovered": {
			body: func(t *testing.T) {
				t.Run("skipped", func(t *testing.T) {
					exittest.Enter(t, said("skipped"))
					t.SkipNow()
				})
				t.Run("recovered", func(t *testing.T) {
					defer func() { _ = recover() }()
					exittest.Enter(t, said("recovered"))
					panic("boom")
				})
			},
			prints: []string{"- skipped <nil>", "- recovered <nil>"},
		},
		"a panic in release fails the test with its stack, and the next test runs": {
			status: 1,
			body: func(t *testing.T) {
				t.Run("one", func(t *testing.T) {
					s, _ := exittest.Stack(t)
					s.Defer(func(context.Context) error { panic("boom") })
				})
				t.Run("two", func(*testing.T) { say("two runs") })
			},
			prints: []string{"two runs", "--- FAIL: TestScopesInATestBinary/one", "boom", "goroutine "},
		},
		"a panic in acquisition fails the test with its stack, and the next test runs": {
			status: 1,
			body: func(t *testing.T) {
				t.Run("one", func(t *testing.T) {
					exittest.Enter(t, func(context.Context, *exitpool.ExitStack) (int, error) { panic("boom") })
				})
				t.Run("two", func(*testing.T) { say("two runs") })
			},
			prints: []string{"two runs", "--- FAIL: TestScopesInATestBinary/one", "boom", "goroutine "},
		},
		"a skip in acquisition skips the test": {
			args: []string{"-test.v"},
			body: func(t *testing.T) {
				exittest.Enter(t, func(context.Context, *exitpool.ExitStack) (int, error) { t.Skip("no db here"); return 0, nil })
			},
			prints: []string{"no db here", "--- SKIP: TestScopesInATestBinary"},
		},
		"a FailNow in release fails the test, once, and the older are released": {
			status: 1,
			body: func(t *testing.T) {
				exittest.Enter(t, said("older"))
				s, _ := exittest.Stack(t)
				s.Defer(func(context.Context) error { require.Equal(t, 1, 2, "released badly"); return nil })
			},
			prints: []string{"- older exittest: the test failed", "released badly"},
			silent: []string{"Goexit"},
		},
		"what a test enters is held until its parallel subtests have ended": {
			args: []string{"-test.parallel=2"},
			body: func(t *testing.T) {
				exittest.Enter(t, said("db"))
				for range 2 {
					t.Run("", func(t *testing.T) { t.Parallel(); say("sub") })
				}
				say("the function returns")
			},
			prints: []string{"+ db", "the function returns", "sub", "sub", "- db <nil>"},
		},
		"a directory made before a resource outlives it": {
			body: func(t *testing.T) {
				dir := t.TempDir()
				s, _ := exittest.Stack(t)
				s.Defer(func(context.Context) error { _, err := os.Stat(dir); return err })
				exittest.Enter(t, func(_ context.Context, s *exitpool.ExitStack) (string, error) {
					dir := t.TempDir() // also inside of Enter
					s.Defer(func(context.Context) error { _, err := os.Stat(dir); return err })
					return dir, nil
				})
			},
			prints: []string{"PASS"},
		},
	})
}
