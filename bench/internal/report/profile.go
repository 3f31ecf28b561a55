package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/exitpool/exitpool/bench/internal/peer"
	"github.com/exitpool/exitpool/bench/internal/profile"
	"github.com/exitpool/exitpool/bench/internal/work"
)

// Profiled are the workloads of which a profile is taken, and against what: the most
// telling of those that miss a target of time, and the registering.
var Profiled = map[string]string{
	"Pool/work=noop/n=1":      peer.Base,
	"Pool/work=noop/n=10":     peer.Base,
	"Pool/work=noop/n=100":    peer.Base,
	"Pool/work=noop/n=1000":   peer.Base,
	"Pool/work=context/n=100": peer.Base,
	"Register/n=1000":         peer.Base,
	"Stack/k=10":              "slice",
	"Unit/op=enter":           work.Task,
	"Unit/op=churn":           work.Task,
}

// ProfileLines makes the lines of a profile.
func ProfileLines(workload, who string, by map[profile.Class]float64) (lines []Line) {
	for _, c := range profile.Classes() {
		name := fmt.Sprintf("Profile/%s/of=%s/in=%s", workload, who, strings.ReplaceAll(string(c), " ", "-"))
		lines = append(lines, Line{Name: name, Ops: 1, Metrics: []Metric{{Value: by[c], Unit: "ns/unit"}}})
	}
	return lines
}

// Profile is the table of the profiles. The last column is what is left of exitpool's time
// without its own code, its locks and its time stamps, against all of the other's.
func Profile(r *Results) string {
	type row struct {
		workload, who string
		by            map[profile.Class]float64
		sum           float64
	}
	var rows []*row
	for _, l := range r.Lines {
		rest, ok := strings.CutPrefix(l.Name, "Profile/")
		if !ok {
			continue
		}
		workload, rest, _ := strings.Cut(rest, "/of=")
		who, class, _ := strings.Cut(rest, "/in=")
		i := slices.IndexFunc(rows, func(r *row) bool { return r.workload == workload && r.who == who })
		if i < 0 {
			i = len(rows)
			rows = append(rows, &row{workload, who, map[profile.Class]float64{}, 0})
		}
		ns := l.Get("ns/unit")
		rows[i].by[profile.Class(strings.ReplaceAll(class, "-", " "))] = ns
		rows[i].sum += ns
	}
	if len(rows) == 0 {
		return "Not measured.\n"
	}
	var b strings.Builder
	b.WriteString("Nanoseconds of one processor for one unit, from a CPU profile.\n\n| workload | |")
	for _, c := range profile.Classes() {
		fmt.Fprintf(&b, " %s |", c)
	}
	b.WriteString(" all | floor |\n|---|---|" + strings.Repeat("---:|", len(profile.Classes())+2) + "\n")
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s | %s |", row.workload, row.who)
		for _, c := range profile.Classes() {
			fmt.Fprintf(&b, " %.0f |", row.by[c])
		}
		floor := ""
		if row.who == peer.Exitpool {
			for _, other := range rows {
				if other.workload == row.workload && other.who != row.who {
					left := row.sum - row.by[profile.Own] - row.by[profile.Locks] - row.by[profile.Time]
					floor = fmt.Sprintf("%.2f", left/other.sum)
				}
			}
		}
		fmt.Fprintf(&b, " %.0f | %s |\n", row.sum, floor)
	}
	return b.String()
}
