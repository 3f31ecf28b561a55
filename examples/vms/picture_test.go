//go:build unix

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// readPicture reads an SVG, which must be whole.
func readPicture(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	for d := xml.NewDecoder(strings.NewReader(string(data))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return string(data)
		}
		require.NoError(t, err)
	}
}

func TestTimelineIsAPictureOfTheRun(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "vms.svg")
	r := runProgram(t, "-q", "-timeline", file)
	require.Equal(t, 0, r.status, r.stderr)
	require.Regexp(t, resultLine, r.stdout)
	picture := readPicture(t, file)
	require.Equal(t, 3, strings.Count(picture, "acquire: at "))
	require.Equal(t, 3, strings.Count(picture, "release: at "))
	require.NotContains(t, picture, "not ended")
}

func TestTimelineIsWrittenWhateverHappens(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"-fail 2":                 "it did not say READY<",
		"-kill 2":                 "✗ run vm-2: signal: killed<",
		"-hang 2 -abandon 100ms":  "vm-2",
		"-hang 2 -grace 0 -n 100": "<title>vm-2&#xA;[^<]*grace period over", // of so many that fail not all have a line of their own
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "vms.svg")
			requireError(t, runProgram(t, append(strings.Fields(args), "-timeline", file)...), "vm-2")
			require.Regexp(t, says, readPicture(t, file))
		})
	}
}

func TestTimelineIsWrittenAfterCtrlC(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "vms.svg")
	p := start(t, "-hang", "2", "-grace", "100ms", "-timeline", file)
	require.True(t, p.until("starting\n"))
	p.interrupt()
	require.Equal(t, 1, p.wait().status)
	require.Contains(t, readPicture(t, file), "acquire: at ")
}

func TestFileThatCannotBeWrittenIsKnownBeforeAMachineStarts(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "no", "such", "folder.svg")
	r := runProgram(t, "-timeline", file)
	requireError(t, r, "vms: -timeline: open "+file+": no such file or directory\n")
	require.Empty(t, r.stdout)
}

func TestFullDiskIsAnErrorAfterAllMachinesAreShutDown(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("there is no /dev/full")
	}
	full := "timeline: write SVG: write /dev/full: no space left on device\n"
	r := runProgram(t, "-timeline", "/dev/full")
	requireError(t, r, "vms: "+full)
	for _, vm := range []string{"vm-1", "vm-2", "vm-3"} {
		require.Contains(t, r.stdout, vm+" shut down\n")
	}
	requireError(t, runProgram(t, "-fail", "2", "-timeline", "/dev/full"), "acquire vm-2: ", "READY; "+full)
}
