package report

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/services"
	"github.com/exitpool/exitpool/bench/internal/work"
)

const (
	begin = "<!-- measured: begin -->"
	end   = "<!-- measured: end -->"
)

// Splice puts generated text between the markers of a README.
func Splice(readme, generated string) (string, error) {
	head, rest, ok := strings.Cut(readme, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", errors.New("report: the README lacks the markers " + begin + " and " + end)
	}
	return head + begin + "\n\n" + strings.TrimSpace(generated) + "\n\n" + end + tail, nil
}

// WriteREADME renews what is generated in the file. One that is not there is made.
func WriteREADME(name, generated string) error {
	old, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		old = []byte("# Measured\n\n" + begin + "\n" + end + "\n")
	} else if err != nil {
		return err
	}
	text, err := Splice(string(old), generated)
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

// Markdown is the generated part of the README.
func Markdown(r *Results, workloads []work.Workload) string {
	var b strings.Builder
	section := func(title, text string) { fmt.Fprintf(&b, "### %s\n\n%s\n", title, text) }
	section("Conditions", conditions(r))
	section("Targets", Targets(r, workloads))
	section("What the time is spent on", Profile(r))
	section("Start-up and shutdown of a service", "![wall time of start-up and shutdown](services.svg)\n\n"+serviceTable(r))
	section("Time for one resource", "![time for one resource over the number of resources](pool.svg)\n\n"+
		"In each cell the median time for one resource, and the ratio to careful.\n")
	about := map[string]string{}
	for _, w := range workloads {
		about[w.Name] = w.About
	}
	for _, kind := range []string{"noop", "context", "spin", "block"} {
		fmt.Fprintf(&b, "**%s**: %s.\n\n%s\n", kind, about["Pool/work="+kind+"/n=1"], Pool(r, kind, workloads))
	}
	section("What they do not do", Peers())
	fmt.Fprintf(&b, "### Everything else\n\n")
	seen := map[string]bool{}
	for _, w := range workloads {
		if !strings.HasPrefix(w.Name, "Pool/") && !seen[w.About] {
			seen[w.About] = true
			fmt.Fprintf(&b, "- `%s`: %s.\n", w.Name, w.About)
		}
	}
	b.WriteString("\n" + Full(r, func(name string) bool {
		return !strings.HasPrefix(name, "Pool/") && !strings.HasPrefix(name, "Service/")
	}))
	b.WriteString("\nThe same for the pools is in [results/table.md](results/table.md).\n\n")
	section("Large pools", Scale(r))
	return b.String()
}

// conditions lists where and how the files were measured; once, if all agree.
func conditions(r *Results) string {
	by := map[string][]string{}
	for _, family := range slices.Sorted(maps.Keys(r.Head)) {
		text := r.Head[family]
		by[text] = append(by[text], family)
	}
	var b strings.Builder
	for _, text := range slices.Sorted(maps.Keys(by)) {
		fmt.Fprintf(&b, "%s:\n\n```text\n%s```\n\n", strings.Join(by[text], ", "), text)
	}
	return b.String()
}

func serviceTable(r *Results) string {
	start, stop := services.Service(serviceScale(r)).CriticalPath()
	path := start + stop
	var b strings.Builder
	b.WriteString("| way | what it is | start-up | shutdown | both / critical path |\n|---|---|---:|---:|---:|\n")
	for _, w := range services.Ways() {
		bar, ok := barOf(r, w.Name)
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.3f |\n", w.Name, w.About,
			Duration(bar.start), Duration(bar.stop), (bar.start+bar.stop)/float64(path))
	}
	fmt.Fprintf(&b, "| critical path | computed | %v | %v | 1 |\n", start, stop)
	for _, l := range r.Lines {
		if l.Name == "Virtual" {
			fmt.Fprintf(&b, "\nIn virtual time the overhead of exitpool over the critical path is %.0f ns (target: exactly 0; TestInVirtualTimeThePoolTakesTheCriticalPathAndNothingMore).\n", l.Get("ns/op"))
		}
	}
	return b.String()
}

type bar struct{ start, stop float64 }

func barOf(r *Results, way string) (bar, bool) {
	start, ok := r.Peer("Service/part=start", way)
	stop, ok2 := r.Peer("Service/part=stop", way)
	if !ok || !ok2 {
		return bar{}, false
	}
	return bar{start.Of(measure.Ns).Median, stop.Of(measure.Ns).Median}, true
}

// serviceScale is that with which the service was measured.
func serviceScale(r *Results) float64 {
	for _, l := range r.Lines {
		if l.Name == "Critical" && l.Get("scale") > 0 {
			return l.Get("scale")
		}
	}
	return 1
}

// ServiceLines makes lines of the runs of the service.
func ServiceLines(runs []services.Run, scale float64) (lines []Line) {
	line := func(name string, d time.Duration) {
		lines = append(lines, Line{name, 1, []Metric{{float64(d), "ns/op"}}})
	}
	for _, run := range runs {
		line("Service/part=start/peer="+run.Way, run.Start)
		line("Service/part=stop/peer="+run.Way, run.Stop)
	}
	start, stop := services.Service(scale).CriticalPath()
	return append(lines, Line{"Critical", 1, []Metric{{float64(start + stop), "ns/op"}, {scale, "scale"}}})
}
