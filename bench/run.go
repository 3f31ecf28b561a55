package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/report"
	"github.com/exitpool/exitpool/bench/internal/scale"
	"github.com/exitpool/exitpool/bench/internal/services"
	"github.com/exitpool/exitpool/bench/internal/work"
)

// measureAll measures what is selected; each family replaces its file.
func measureAll(o options, results string) error {
	families := map[string][]report.Line{}
	var order []string
	for _, w := range work.All(o.quick) {
		if !o.run.MatchString(w.Name) {
			continue
		}
		family, _, _ := strings.Cut(w.Name, "/")
		if families[family] == nil {
			order = append(order, family)
		}
		began := time.Now()
		series := measure.Alternate(w.Cases(), effort(o.quick, w.Heavy))
		families[family] = append(families[family], report.Lines(w.Name, series)...)
		progress(w.Name, began)
	}
	for _, f := range order {
		if err := write(o, results, f, families[f]); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		name string
		f    func(o options) ([]report.Line, error)
	}{{"Service", service}, {"Scale", large}, {"Python", python}} {
		if !o.run.MatchString(part.name) {
			continue
		}
		began := time.Now()
		lines, err := part.f(o)
		if errors.Is(err, errAbsent) {
			fmt.Fprintln(os.Stderr, err)
			lines = nil // the file says so
		} else if err != nil {
			return err
		}
		progress(part.name, began)
		if err := write(o, results, part.name, lines); err != nil {
			return err
		}
	}
	return nil
}

func effort(quick, heavy bool) measure.Effort {
	switch {
	case quick:
		return measure.Effort{Rounds: 3, Round: 3 * time.Millisecond}
	case heavy:
		return measure.Effort{Rounds: 3}
	}
	return measure.Effort{Rounds: 7, Round: 20 * time.Millisecond}
}

func progress(name string, began time.Time) {
	fmt.Fprintf(os.Stderr, "%-32s %5.1f s\n", name, time.Since(began).Seconds())
}

func write(o options, results, family string, lines []report.Line) error {
	head := []string{
		"goos: " + runtime.GOOS, "goarch: " + runtime.GOARCH, "pkg: github.com/exitpool/exitpool/bench",
		"cpu: " + cpu(), "go: " + runtime.Version(), "procs: " + strconv.Itoa(runtime.GOMAXPROCS(0)),
		"quick: " + strconv.FormatBool(o.quick),
	}
	if len(lines) == 0 {
		head = append(head, "note: not measured: "+errAbsent.Error())
	}
	f, err := os.Create(filepath.Join(results, strings.ToLower(family)+".txt"))
	if err != nil {
		return err
	}
	return errors.Join(report.Write(f, head, runtime.GOMAXPROCS(0), lines), f.Close())
}

func cpu() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	if m := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(info); m != nil {
		return string(m[1])
	}
	return "unknown"
}

// service runs the service in real time, and once in virtual time.
func service(o options) ([]report.Line, error) {
	latencies, rounds := 1.0, 3
	if o.quick {
		latencies, rounds = 0.1, 1
	}
	runs, err := services.Measure(services.Service(latencies), rounds)
	if err != nil {
		return nil, err
	}
	lines := report.ServiceLines(runs, latencies)
	return append(lines, virtual()...), nil
}

// virtual has the test say what the overhead is in virtual time: only a test has that.
func virtual() []report.Line {
	out, err := exec.Command("go", "test", "-count=1", "-v", "-run", "InVirtualTime", "./internal/services").CombinedOutput()
	m := regexp.MustCompile(`overhead exitpool (\d+) ns`).FindSubmatch(out)
	if err != nil || m == nil {
		fmt.Fprintf(os.Stderr, "virtual time not measured: %v\n%s", err, out)
		return nil
	}
	ns, _ := strconv.ParseFloat(string(m[1]), 64)
	return []report.Line{{Name: "Virtual", Ops: 1, Metrics: []report.Metric{{Value: ns, Unit: "ns/op"}}}}
}

// large measures large pools.
func large(o options) (lines []report.Line, err error) {
	type run struct {
		f func(int) ([]scale.Phase, error)
		n int
	}
	runs := []run{{scale.Instant, 1_000_000}, {scale.Instant, 3_000_000}, {scale.Blocked, 1_000_000}}
	if o.quick {
		runs = []run{{scale.Instant, 100_000}, {scale.Blocked, 10_000}}
	}
	for _, r := range runs {
		phases, err := r.f(r.n)
		if err != nil {
			return nil, err
		}
		for _, p := range phases {
			lines = append(lines, report.Line{
				Name: fmt.Sprintf("Scale/work=%s/n=%d/phase=%s", p.Work, p.N, p.Name), Ops: p.N,
				Metrics: []report.Metric{{Value: p.Ns, Unit: "ns/op"}, {Value: p.Bytes, Unit: "B/member"}, {Value: p.Goroutines, Unit: "goroutines/member"}},
			})
		}
	}
	return lines, nil
}

var errAbsent = errors.New("python3 (3.11 or newer) is not there")

// python runs the same work in CPython, where there is one.
func python(o options) ([]report.Line, error) {
	if exec.Command("python3", "-c", "import sys; sys.exit(sys.version_info < (3, 11))").Run() != nil {
		return nil, errAbsent
	}
	args := []string{filepath.Join("python", "bench.py")}
	if o.quick {
		args = append(args, "--quick")
	}
	cmd := exec.Command("python3", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("python: %w", err)
	}
	return report.Parse(bytes.NewReader(out))
}
