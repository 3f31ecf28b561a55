package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/report"
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
		lines, err := workload(o, w)
		if err != nil {
			return err
		}
		families[family] = append(families[family], lines...)
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
	}{{"Profile", profiled}, {"Service", service}, {"Scale", large}, {"Python", python}} {
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

func workload(o options, w work.Workload) ([]report.Line, error) {
	if w.Heavy && !o.alone {
		return apart(w.Name)
	}
	return report.Lines(w.Name, measure.Alternate(w.Cases(), effort(o.quick, w.Heavy))), nil
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
