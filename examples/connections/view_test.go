package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheRunIsDrawnAndItsLinesComeOnStderr(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "run.svg")
	p := startProgram(t, "-progress", "-timeline", picture)
	require.Zero(t, p.wait(), &p.stderr)
	require.Equal(t, "parcel > nats > sqlite\n", p.stdout.String())
	require.Contains(t, p.stderr.String(), "sqlite held after ")
	require.Contains(t, p.stderr.String(), "nats-server released after ")
	svg, err := os.ReadFile(picture)
	require.NoError(t, err)
	for _, name := range []string{"sqlite", "nats-server", "transaction"} {
		require.Contains(t, string(svg), name)
	}
}

func TestTheNameOfThePictureSaysWhatItIs(t *testing.T) {
	for end, want := range map[string]string{".json": `"traceEvents"`, ".txt": "start-up "} {
		picture := filepath.Join(t.TempDir(), "run"+end)
		p := startProgram(t, "-q", "-timeline", picture)
		require.Zero(t, p.wait(), &p.stderr)
		text, err := os.ReadFile(picture)
		require.NoError(t, err)
		require.Contains(t, string(text), want)
	}
	p := startProgram(t, "-timeline", "run.png")
	require.Equal(t, 2, p.wait())
	require.Contains(t, p.stderr.String(), "-timeline run.png: the name must end in .svg, .json or .txt")
}

func TestWithRowsTheProgramStillSaysThatItWaits(t *testing.T) {
	p := startProgram(t, "-hold", "-progress")
	require.Eventually(t, func() bool { return strings.Contains(p.stderr.String(), "everything is open: press Ctrl-C") }, time.Minute, 10*time.Millisecond)
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	require.Zero(t, p.wait(), &p.stderr)
}

func TestAPictureThatCannotBeWrittenIsToldBeforeAnythingIsOpened(t *testing.T) {
	p := startProgram(t, "-timeline", filepath.Join(t.TempDir(), "missing", "run.svg"))
	require.Equal(t, 1, p.wait())
	require.Empty(t, p.stdout.String())
	require.Contains(t, p.stderr.String(), "connections: -timeline: open ")
}

func TestAFullDiskIsToldWhenAllIsClosedAndTheWorkIsShown(t *testing.T) {
	full := filepath.Join(t.TempDir(), "full.svg")
	require.NoError(t, os.Symlink("/dev/full", full))
	p := startProgram(t, "-timeline", full)
	require.Equal(t, 1, p.wait())
	require.Contains(t, p.stdout.String(), "sqlite closed")
	require.Contains(t, p.stdout.String(), "\nparcel > nats > sqlite\n")
	require.Contains(t, p.stderr.String(), "no space left on device")
}
