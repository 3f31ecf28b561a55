package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/work"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAQuickRunWritesResultsTablesAndPlots(t *testing.T) {
	dir := t.TempDir()
	o := options{quick: true, out: dir, run: regexp.MustCompile(`^Pool/work=noop/n=10$|^Stack/k=4$|^Service$`)}
	require.NoError(t, bench(o))
	for _, name := range []string{"results/pool.txt", "results/stack.txt", "results/service.txt", "results/table.md", "pool.svg", "services.svg", "README.md"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Contains(t, string(text), "exitpool", name)
	}
	assert.NoFileExists(t, filepath.Join(dir, "results/graph.txt"), "it was not selected")

	before, err := os.ReadFile(filepath.Join(dir, "README.md"))
	require.NoError(t, err)
	require.NoError(t, bench(options{tables: true, out: dir}))
	after, err := os.ReadFile(filepath.Join(dir, "README.md"))
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after), "the tables come from the results alone")
}

// The workloads as ordinary benchmarks; those of Unit include their preparation here:
// go test -bench . -run '^$' -benchmem
func BenchmarkWork(b *testing.B) {
	for _, w := range work.All(true) {
		for _, c := range w.Cases() {
			b.Run(w.Name+"/peer="+c.Peer, func(b *testing.B) {
				b.ReportAllocs()
				var t measure.Timer
				for b.Loop() {
					c.Op(&t)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*c.Units), "ns/unit")
			})
		}
	}
}
