package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/exitpool/exitpool/bench/internal/peer"
	"github.com/exitpool/exitpool/bench/internal/profile"
	"github.com/exitpool/exitpool/bench/internal/report"
	"github.com/exitpool/exitpool/bench/internal/scale"
	"github.com/exitpool/exitpool/bench/internal/services"
	"github.com/exitpool/exitpool/bench/internal/work"
)

// profiled tells what the time is spent on, of what is furthest from its target.
func profiled(o options) (lines []report.Line, err error) {
	d := 3 * time.Second
	if o.quick {
		d = 50 * time.Millisecond
	}
	for _, w := range work.All(true) {
		against, ok := report.Profiled[w.Name]
		if !ok {
			continue
		}
		for _, c := range w.Cases() {
			if c.Peer != peer.Exitpool && c.Peer != against {
				continue
			}
			by, err := profile.Take(c, d)
			if err != nil {
				return nil, err
			}
			lines = append(lines, report.ProfileLines(w.Name, c.Peer, by)...)
		}
	}
	return lines, nil
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
	if !o.quick && !o.alone {
		return apart("Scale")
	}
	type run struct {
		f func(int) ([]scale.Phase, error)
		n int
	}
	runs := []run{{scale.Instant, 1_000_000}, {scale.Instant, 3_000_000}, {scale.Blocked, 100_000}}
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
