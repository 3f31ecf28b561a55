package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/exitpool/exitpool/bench/internal/report"
)

// apart measures what has this name in a process of its own. The runtime keeps the
// descriptors of goroutines that have ended and looks at all of them in every garbage
// collection: after a million, each round that follows would take tens of times as long.
func apart(name string) ([]report.Line, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-alone", "-run", "^"+regexp.QuoteMeta(name)+"$", "-o", dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	r, err := report.ReadDir(filepath.Join(dir, "results"))
	if err != nil {
		return nil, err
	}
	return r.Lines, nil
}
