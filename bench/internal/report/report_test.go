package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/report"
	"github.com/exitpool/exitpool/bench/internal/services"
	"github.com/exitpool/exitpool/bench/internal/work"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func series(peer string, units int, ns ...float64) measure.Series {
	s := measure.Series{Case: measure.Case{Peer: peer, Units: units}, Counted: true}
	for _, ns := range ns {
		s.Samples = append(s.Samples, measure.Sample{Ops: 3, Ns: ns, Bytes: 64, Allocs: 2})
	}
	return s
}

// written writes lines to a file as the command does, and reads the directory.
func written(t *testing.T, lines []report.Line) *report.Results {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, report.Write(&b, []string{"goos: test"}, 2, lines))
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pool.txt"), b.Bytes(), 0o644))
	r, err := report.ReadDir(dir)
	require.NoError(t, err)
	return r
}

func pool(t *testing.T) *report.Results {
	return written(t, report.Lines("Pool/work=noop/n=100", []measure.Series{
		series("exitpool", 100, 4000, 4000, 4000), series("careful", 100, 10_000, 10_000, 10_000),
	}))
}

func TestALineIsInTheGoBenchmarkFormat(t *testing.T) {
	var b bytes.Buffer
	lines := report.Lines("Pool/n=10", []measure.Series{series("a", 10, 1234.5), series("b", 10, 99)})
	require.NoError(t, report.Write(&b, []string{"goos: test"}, 2, lines))
	assert.Equal(t, "goos: test\n"+
		"BenchmarkPool/n=10/peer=a-2\t3\t1234.5 ns/op\t123.45 ns/unit\t10 units/op\t64 B/op\t2 allocs/op\n"+
		"BenchmarkPool/n=10/peer=b-2\t3\t99 ns/op\t9.9000 ns/unit\t10 units/op\t64 B/op\t2 allocs/op\n", b.String())
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	r := pool(t)
	assert.Equal(t, []measure.Series{
		series("exitpool", 100, 4000, 4000, 4000), series("careful", 100, 10_000, 10_000, 10_000),
	}, r.Work("Pool/work=noop/n=100"))
	assert.Equal(t, "goos: test\n", r.Head["pool"])
}

func TestALineThatCannotBeReadIsAnError(t *testing.T) {
	for _, text := range []string{"BenchmarkX", "BenchmarkX-1\tmany\t1 ns/op", "BenchmarkX-1\t1\tone ns/op"} {
		_, err := report.Parse(bytes.NewBufferString(text))
		assert.Error(t, err, text)
	}
}

func TestTheTableSaysFigureTargetAndWhetherItIsMet(t *testing.T) {
	workloads := []work.Workload{
		{Name: "Pool/work=noop/n=100", Targets: []work.Target{
			{Figure: work.Time, Of: "exitpool", Against: "careful", Max: 0.5},
			{Figure: work.Time, Of: "exitpool", Against: "careful", Max: 0.3},
			{Figure: work.Time, Of: "exitpool", Against: "careful", Max: 0.39, Noise: 0.05},
			{Figure: work.Allocs, Of: "exitpool", Max: 0},
		}},
		{Name: "Pool/work=noop/n=2", Targets: []work.Target{{Figure: work.Time, Of: "exitpool", Max: 1}}},
	}
	table := report.Targets(pool(t), workloads)
	assert.Contains(t, table, "| Pool/work=noop/n=100 | time of exitpool / careful | **0.4** [0.4–0.4] | ≤ 0.5 | yes |\n")
	assert.Contains(t, table, "| **0.4** [0.4–0.4] | ≤ 0.3 | no |\n")
	assert.Contains(t, table, "| **0.4** [0.4–0.4] | ≤ 0.39 + 5 % | yes |\n")
	assert.Contains(t, table, "| allocations of exitpool | **0.02** [0.02–0.02] | ≤ 0 | yes |\n")
	assert.Contains(t, table, "| Pool/work=noop/n=2 | time of exitpool | not measured | ≤ 1 | — |\n")
}

func TestThePoolTableHasPeersDownAndSizesAcross(t *testing.T) {
	table := report.Pool(pool(t), "noop", work.All(false))
	assert.Contains(t, table, "| peer | n=100 |\n")
	assert.Contains(t, table, "| exitpool | 40 ns · 0.40 |\n")
	assert.Contains(t, table, "| careful | 100 ns · 1.00 |\n")
	assert.Contains(t, table, "| fx | — |\n")
}

func TestTheREADMEKeepsWhatIsOutsideTheMarkers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, report.WriteREADME(file, "first"))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, append([]byte("prose\n"), text...), 0o644))
	require.NoError(t, report.WriteREADME(file, "second"))
	text, err = os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(text), "prose\n")
	assert.Contains(t, string(text), "second")
	assert.NotContains(t, string(text), "first")

	_, err = report.Splice("no markers", "text")
	assert.Error(t, err)
}

func TestPlotsAreSVGOnAWhiteGround(t *testing.T) {
	dir := t.TempDir()
	lines := report.Lines("Pool/work=noop/n=1", []measure.Series{series("exitpool", 1, 100)})
	lines = append(lines, report.Lines("Pool/work=noop/n=100", []measure.Series{series("exitpool", 100, 1000)})...)
	lines = append(lines, report.ServiceLines([]services.Run{{Way: "exitpool", Start: time.Second, Stop: time.Second}}, 1)...)
	r := written(t, lines)
	for file, plot := range map[string]func(*report.Results, string) error{
		filepath.Join(dir, "pool.svg"):     report.PlotPool,
		filepath.Join(dir, "services.svg"): report.PlotServices,
	} {
		require.NoError(t, plot(r, file))
		svg, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Contains(t, string(svg), "<svg")
		assert.Contains(t, string(svg), ">exitpool</text>")
		assert.Contains(t, string(svg), "fill:#FFFFFF")
	}
}
