package main

import (
	"os"
	"path/filepath"
	"testing"

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

func TestAPictureThatCannotBeWrittenIsToldBeforeAnythingIsOpened(t *testing.T) {
	p := startProgram(t, "-timeline", t.TempDir())
	require.Equal(t, 1, p.wait())
	require.Empty(t, p.stdout.String())
	require.Contains(t, p.stderr.String(), "connections: -timeline: open ")
}

func TestAFullDiskIsToldWhenAllIsClosed(t *testing.T) {
	p := startProgram(t, "-timeline", "/dev/full")
	require.Equal(t, 1, p.wait())
	require.Contains(t, p.stdout.String(), "sqlite closed")
	require.Contains(t, p.stderr.String(), "no space left on device")
}
