package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/peer"
	"github.com/exitpool/exitpool/bench/internal/work"
)

// Targets is the table of what is aimed at: figure, target, met or not.
func Targets(r *Results, workloads []work.Workload) string {
	var b strings.Builder
	b.WriteString("| workload | figure, for one unit | measured [quartiles] | target | met |\n|---|---|---|---|---|\n")
	for _, w := range workloads {
		for _, t := range w.Targets {
			bound := fmt.Sprintf("≤ %.3g", t.Max)
			if t.Noise > 0 {
				bound += fmt.Sprintf(" + %.0f %%", 100*t.Noise)
			}
			got, met := "not measured", "—"
			if s, ok := t.Value(r.Work(w.Name)); ok && !math.IsNaN(s.Median) {
				got = fmt.Sprintf("**%.3g** [%.3g–%.3g]", s.Median, s.Q1, s.Q3)
				met = "no"
				if t.Met(s.Median) {
					met = "yes"
				}
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", w.Name, t, got, bound, met)
		}
	}
	return b.String()
}

// Pool is the table of one kind of resources: peers down, sizes across.
func Pool(r *Results, kind string, workloads []work.Workload) string {
	var sizes []work.Workload
	prefix := "Pool/work=" + kind + "/"
	for _, w := range workloads {
		if strings.HasPrefix(w.Name, prefix) && len(r.Work(w.Name)) > 0 {
			sizes = append(sizes, w)
		}
	}
	if len(sizes) == 0 {
		return "Not measured.\n"
	}
	var b strings.Builder
	b.WriteString("| peer |")
	for _, w := range sizes {
		fmt.Fprintf(&b, " %s |", strings.TrimPrefix(w.Name, prefix))
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(sizes)) + "\n")
	for _, p := range peer.All() {
		fmt.Fprintf(&b, "| %s |", p.Name)
		for _, w := range sizes {
			fmt.Fprintf(&b, " %s |", cell(r, w.Name, p.Name))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// cell is the time for one resource, and the ratio to the careful version.
func cell(r *Results, workload, name string) string {
	s, ok := r.Peer(workload, name)
	if !ok {
		return "—"
	}
	text := Duration(s.Of(measure.Ns).Median)
	if base, ok := r.Peer(workload, peer.Base); ok {
		text += fmt.Sprintf(" · %.2f", s.Over(base, measure.Ns).Median)
	}
	return text
}

// Full is the table of everything: one row for each case.
func Full(r *Results, wants func(workload string) bool) string {
	var b strings.Builder
	b.WriteString("| workload | case | one operation | one unit | B/unit | allocs/unit | time / first [quartiles] |\n|---|---|---:|---:|---:|---:|---|\n")
	for _, name := range r.names {
		if !wants(name) {
			continue
		}
		all := r.work[name]
		base := baseOf(all)
		for _, s := range all {
			ns := s.Of(measure.Ns)
			over := s.Over(base, measure.Ns)
			bytes, allocs := "—", "—" // not counted
			if s.Counted {
				bytes = fmt.Sprintf("%.4g", s.Of(measure.Bytes).Median)
				allocs = fmt.Sprintf("%.3g", s.Of(measure.Allocs).Median)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %.2f [%.2f–%.2f] |\n", name, s.Peer,
				Duration(ns.Median*float64(s.Units)), Duration(ns.Median),
				bytes, allocs, over.Median, over.Q1, over.Q3)
		}
	}
	return strings.Replace(b.String(), "time / first", "time / base", 1)
}

// baseOf is what the others are divided by: the careful version, or a task, or else
// the last that there is.
func baseOf(all []measure.Series) measure.Series {
	for _, name := range []string{peer.Base, work.Task, "slice"} {
		for _, s := range all {
			if s.Peer == name {
				return s
			}
		}
	}
	return all[len(all)-1]
}

// Peers says what each does not do.
func Peers() string {
	var b strings.Builder
	b.WriteString("| peer | what it does not do of the job |\n|---|---|\n")
	for _, p := range peer.All() {
		fmt.Fprintf(&b, "| %s | %s |\n", p.Name, p.Lacks)
	}
	return b.String()
}

// Scale is the table of what a member costs in a large pool.
func Scale(r *Results) string {
	var b strings.Builder
	b.WriteString("| members | phase | time per member | bytes per member | goroutines per member |\n|---|---|---:|---:|---:|\n")
	for _, l := range r.Lines {
		name, ok := strings.CutPrefix(l.Name, "Scale/")
		if !ok {
			continue
		}
		members, phase, _ := strings.Cut(name, "/phase=")
		bytes, took := "—", "—"
		if v := l.Get("B/member"); v > 0 {
			bytes = fmt.Sprintf("%.0f", v)
		}
		if v := l.Get("ns/op"); v > 0 {
			took = Duration(v)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.4f |\n", members, phase, took, bytes, l.Get("goroutines/member"))
	}
	return b.String()
}

// Duration prints nanoseconds with three digits.
func Duration(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.3g ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.3g µs", ns/1e3)
	case ns < 1e9:
		return fmt.Sprintf("%.3g ms", ns/1e6)
	}
	return fmt.Sprintf("%.3g s", ns/1e9)
}
