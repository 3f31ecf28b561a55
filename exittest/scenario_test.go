package exittest_test

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A scenario is a test that runs in a test binary of its own, because it fails or
// needs a TestMain, and what that binary does.
type scenario struct {
	main   string   // see TestMain; "exittest" if empty
	args   []string // of the test binary
	body   func(t *testing.T)
	status int
	prints []string // in this order
	silent []string // what is not printed
}

// play plays the scenarios of the calling test: this binary is run again, for this
// test and one scenario.
func play(t *testing.T, scenarios map[string]scenario) {
	if name := os.Getenv("EXITTEST_SCENARIO"); name != "" {
		scenarios[name].body(t)
		return
	}
	for name, s := range scenarios {
		t.Run(name, func(t *testing.T) {
			out, status := runBinary(cmp.Or(s.main, "exittest"), name, append([]string{"-test.run=^" + strings.Split(t.Name(), "/")[0] + "$"}, s.args...)...)
			assert.Equal(t, s.status, status)
			rest := out
			for _, text := range s.prints {
				_, after, found := strings.Cut(rest, text)
				require.True(t, found, "%q is missing (here) in\n%s", text, out)
				rest = after
			}
			for _, text := range s.silent {
				assert.NotContains(t, out, text)
			}
		})
	}
}

// runBinary runs this test binary again.
func runBinary(main, scenario string, args ...string) (out string, status int) {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "EXITTEST_MAIN="+main, "EXITTEST_SCENARIO="+scenario, "GORACE=atexit_sleep_ms=0")
	raw, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		return err.Error(), -1
	}
	raw = regexp.MustCompile(`(?m)^coverage: .*\n`).ReplaceAll(raw, nil) // of go test -cover
	return string(raw), cmd.ProcessState.ExitCode()
}

// say prints to what the test binary prints, whether the test fails or not.
func say(what ...any) { fmt.Println(what...) }

// linesAbove returns the place n lines above its call, as package testing prints it.
func linesAbove(n int) string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", filepath.Base(file), line-n)
}
