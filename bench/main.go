// Bench measures exitpool against what a user would pick instead, and writes the
// results, the tables and the plots:
//
//	go -C bench run .          # everything; some minutes
//	go -C bench run . -quick   # some seconds, for a look
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/exitpool/exitpool/bench/internal/report"
	"github.com/exitpool/exitpool/bench/internal/work"
)

// options are what the flags say.
type options struct {
	quick  bool
	tables bool
	run    *regexp.Regexp
	alone  bool   // this process was started for what is selected
	out    string // the directory of README.md, the plots and results
}

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "short rounds, and nothing that takes long")
	flag.BoolVar(&o.tables, "tables", false, "measure nothing: renew the tables and plots from the results that are there")
	run := flag.String("run", "", "measure only what this regexp matches, and renew the files of its families")
	flag.BoolVar(&o.alone, "alone", false, "measure in this process what a full run gives a process of its own")
	flag.StringVar(&o.out, "o", ".", "write below this `directory`")
	flag.Parse()
	var err error
	if o.run, err = regexp.Compile(*run); err == nil {
		err = bench(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(o options) error {
	results := filepath.Join(o.out, "results")
	if err := os.MkdirAll(results, 0o755); err != nil {
		return err
	}
	if !o.tables {
		if err := measureAll(o, results); err != nil {
			return err
		}
	}
	return tables(o.out, results)
}

// tables makes everything that is made of the results.
func tables(out, results string) error {
	r, err := report.ReadDir(results)
	if err != nil {
		return err
	}
	all := report.Full(r, func(string) bool { return true })
	if err := os.WriteFile(filepath.Join(results, "table.md"), []byte(all), 0o644); err != nil {
		return err
	}
	if err := report.PlotPool(r, filepath.Join(out, "pool.svg")); err != nil {
		return err
	}
	if err := report.PlotServices(r, filepath.Join(out, "services.svg")); err != nil {
		return err
	}
	workloads := work.All(false)
	fmt.Print(report.Targets(r, workloads))
	return report.WriteREADME(filepath.Join(out, "README.md"), report.Markdown(r, workloads))
}
