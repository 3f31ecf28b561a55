// Package report writes what was measured as benchmark lines, reads it again, and
// makes the tables and the plots of it: what is in the README comes from the files.
package report

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/exitpool/exitpool/bench/internal/measure"
)

// Line is a line in the Go benchmark format, which benchstat reads.
type Line struct {
	Name    string // without Benchmark and the number of processors
	Ops     int
	Metrics []Metric
}

// Metric is a figure and its unit.
type Metric struct {
	Value float64
	Unit  string
}

// Get returns a figure, or zero.
func (l Line) Get(unit string) float64 {
	for _, m := range l.Metrics {
		if m.Unit == unit {
			return m.Value
		}
	}
	return 0
}

// Lines makes the lines of a workload, round by round.
func Lines(workload string, all []measure.Series) (lines []Line) {
	for round := 0; ; round++ {
		any := false
		for _, s := range all {
			if round >= len(s.Samples) {
				continue
			}
			any = true
			x := s.Samples[round]
			lines = append(lines, Line{workload + "/peer=" + s.Peer, x.Ops, []Metric{
				{x.Ns, "ns/op"},
				{x.Ns / float64(s.Units), "ns/unit"},
				{float64(s.Units), "units/op"},
				{x.Bytes, "B/op"},
				{x.Allocs, "allocs/op"},
			}})
		}
		if !any {
			return lines
		}
	}
}

// Write writes lines, after the configuration lines in head.
func Write(w io.Writer, head []string, procs int, lines []Line) error {
	b := bufio.NewWriter(w)
	for _, h := range head {
		fmt.Fprintln(b, h)
	}
	for _, l := range lines {
		fmt.Fprintf(b, "Benchmark%s-%d\t%d", l.Name, procs, l.Ops)
		for _, m := range l.Metrics {
			fmt.Fprintf(b, "\t%s %s", strconv.FormatFloat(m.Value, 'f', digits(m.Value), 64), m.Unit)
		}
		fmt.Fprintln(b)
	}
	return b.Flush()
}

func digits(v float64) int {
	switch {
	case v == float64(int64(v)):
		return 0
	case v < 10:
		return 4
	case v < 1000:
		return 2
	}
	return 1
}

// Results is what the files hold.
type Results struct {
	Head  map[string]string // of each file: its configuration lines
	Lines []Line
	names []string // the workloads, in their order
	work  map[string][]measure.Series
}

// ReadDir reads all the files of a directory.
func ReadDir(dir string) (*Results, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	r := &Results{Head: map[string]string{}, work: map[string][]measure.Series{}}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		err = r.read(strings.TrimSuffix(filepath.Base(name), ".txt"), f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return r, nil
}

func (r *Results) read(family string, f io.Reader) error {
	in := bufio.NewScanner(f)
	for in.Scan() {
		text := in.Text()
		if !strings.HasPrefix(text, "Benchmark") {
			r.Head[family] += text + "\n"
			continue
		}
		l, err := parse(text)
		if err != nil {
			return fmt.Errorf("%w in %q", err, text)
		}
		r.Lines = append(r.Lines, l)
		r.add(l)
	}
	return in.Err()
}

func parse(text string) (l Line, err error) {
	fields := strings.Fields(text)
	if len(fields) < 4 || len(fields)%2 != 0 {
		return l, fmt.Errorf("%d fields", len(fields))
	}
	l.Name = strings.TrimPrefix(fields[0], "Benchmark")
	if i := strings.LastIndexByte(l.Name, '-'); i >= 0 {
		l.Name = l.Name[:i]
	}
	if l.Ops, err = strconv.Atoi(fields[1]); err != nil {
		return l, err
	}
	for i := 2; i < len(fields); i += 2 {
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return l, err
		}
		l.Metrics = append(l.Metrics, Metric{v, fields[i+1]})
	}
	return l, nil
}

// add puts a line into its series.
func (r *Results) add(l Line) {
	name, peer, ok := strings.Cut(l.Name, "/peer=")
	if !ok {
		return
	}
	if _, known := r.work[name]; !known {
		r.names = append(r.names, name)
	}
	all := r.work[name]
	i := slices.IndexFunc(all, func(s measure.Series) bool { return s.Peer == peer })
	if i < 0 {
		i = len(all)
		counted := slices.ContainsFunc(l.Metrics, func(m Metric) bool { return m.Unit == "allocs/op" })
		all = append(all, measure.Series{
			Case:    measure.Case{Peer: peer, Units: max(1, int(l.Get("units/op")))},
			Counted: counted,
		})
	}
	all[i].Samples = append(all[i].Samples, measure.Sample{
		Ops: l.Ops, Ns: l.Get("ns/op"), Bytes: l.Get("B/op"), Allocs: l.Get("allocs/op"),
	})
	r.work[name] = all
}

// Work returns the series of a workload.
func (r *Results) Work(name string) []measure.Series { return r.work[name] }

// Peer returns one of them.
func (r *Results) Peer(name, peer string) (measure.Series, bool) {
	for _, s := range r.work[name] {
		if s.Peer == peer {
			return s, true
		}
	}
	return measure.Series{}, false
}

// Parse reads lines in the benchmark format, and nothing else.
func Parse(f io.Reader) (lines []Line, err error) {
	var r Results
	r.Head, r.work = map[string]string{}, map[string][]measure.Series{}
	if err := r.read("", f); err != nil {
		return nil, err
	}
	return r.Lines, nil
}
