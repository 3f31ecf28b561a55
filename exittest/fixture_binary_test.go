package exittest_test

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exittest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	shared   = exittest.NewFixture(said("shared"), exitpool.Name("shared"))
	user     = exittest.NewFixture(usesShared)
	unusable = exittest.NewFixture(refuses)
	failing  = exittest.NewFixture(leaves)
)

func usesShared(ctx context.Context, s *exitpool.ExitStack) (string, error) {
	v, err := shared.Get(ctx)
	if err != nil {
		return "", err
	}
	return exitpool.Enter(ctx, s, said("user of "+v))
}

func TestFixturesInATestBinary(t *testing.T) {
	play(t, map[string]scenario{
		"used by parallel subtests, twice": {
			args: []string{"-test.count=2", "-test.cpu=1,2", "-test.parallel=4"},
			body: func(t *testing.T) {
				for range 4 {
					t.Run("", func(t *testing.T) { t.Parallel(); user.Use(t) })
				}
			},
			prints: []string{"+ shared\n+ user of shared\nPASS\n- user of shared <nil>\n- shared <nil>\n"},
		},
		"used by nobody": {
			body:   func(t *testing.T) {},
			prints: []string{"PASS"},
			silent: []string{"shared"},
		},
		"not acquired": {
			status: 1,
			body: func(t *testing.T) {
				t.Run("one", func(t *testing.T) { unusable.Use(t) })
				t.Run("two", func(t *testing.T) { unusable.Use(t) })
			},
			prints: []string{"/one", ": exittest: acquire exittest_test.refuses: broken", "/two", ": exittest: acquire exittest_test.refuses: broken"},
		},
		"failing in release": {
			status: 1,
			body:   func(t *testing.T) { failing.Use(t); user.Use(t) },
			prints: []string{"PASS", "- shared <nil>", "exittest: release exittest_test.leaves: broken\n"},
		},
		"told that a test failed": {
			status: 1,
			body:   func(t *testing.T) { user.Use(t); t.Fail() },
			prints: []string{"FAIL", "- user of shared exittest: the test failed", "- shared exittest: the test failed"},
		},
		"released before goleak looks": {
			main:   "goleak",
			body:   func(t *testing.T) { user.Use(t) },
			prints: []string{"PASS", "- shared <nil>"},
		},
		"failing in release under goleak": {
			main: "goleak", status: 1,
			body:   func(t *testing.T) { failing.Use(t) },
			prints: []string{"exittest: release exittest_test.leaves: broken\n"},
		},
		"beside a panic of a test: nothing is released": {
			status: 2,
			body:   func(t *testing.T) { shared.Use(t); panic("boom") },
			prints: []string{"+ shared", "panic: boom"},
			silent: []string{"- shared"},
		},
		"beside a timeout: nothing is released": {
			args: []string{"-test.timeout=100ms"}, status: 2,
			body:   func(t *testing.T) { shared.Use(t); select {} },
			prints: []string{"+ shared", "panic: test timed out"},
			silent: []string{"- shared"},
		},
		"beside an interrupt: nothing is released": {
			status: -1,
			body: func(t *testing.T) {
				shared.Use(t)
				assert.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT))
				select {}
			},
			prints: []string{"+ shared"},
			silent: []string{"- shared"},
		},
	})
}

func BenchmarkWithAFixture(b *testing.B) {
	shared.Use(b)
	exittest.Enter(b, said("entered"))
	for b.Loop() {
		_ = exitpool.Use(b.Context(), leaves, func(context.Context, string) error { return nil })
	}
}

func TestABenchmarkUsesFixturesAndScopes(t *testing.T) {
	out, status := runBinary("exittest", "", "-test.run=^$", "-test.bench=^BenchmarkWithAFixture$", "-test.benchtime=10x", "-test.count=2")
	require.Zero(t, status, out)
	assert.Equal(t, 1, strings.Count(out, "+ shared\n"))
	assert.Regexp(t, `(?s)\+ entered\n.*- entered <nil>\n.*\+ entered\n.*- entered <nil>\n.*PASS\n- shared <nil>\n$`, out)
}
