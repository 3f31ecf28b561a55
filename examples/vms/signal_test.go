//go:build unix

package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The runs to be interrupted: one that ends soon, one that stays in starting, one
// that stays in shutting down, one that does not wait for what it gives up.
var interruptible = map[string][]string{
	"plain":   {"-n", "3"},
	"fail":    {"-n", "3", "-fail", "1", "-boot", "300ms"},
	"hang":    {"-n", "3", "-hang", "1", "-grace", "200ms"},
	"abandon": {"-n", "3", "-hang", "1", "-abandon", "0"},
}

func TestInterruptAfterAnyTimeLeavesNoProcess(t *testing.T) {
	t.Parallel()
	for name, args := range interruptible {
		for _, d := range []time.Duration{0, 5, 20, 50, 100, 200} {
			d *= time.Millisecond
			t.Run(name+" "+d.String(), func(t *testing.T) {
				t.Parallel()
				p := start(t, args...)
				time.Sleep(d) // that is the case: nothing depends on it
				p.interrupt()
				requireEnded(t, p.wait())
			})
		}
	}
}

func TestInterruptAtAnyEventLeavesNoProcess(t *testing.T) {
	t.Parallel()
	for name, args := range interruptible {
		for _, event := range []string{"vm-1 starting", "vm-2 starting", "vm-2 ready", "vm-3 ready", "pong", "vm-1 shutting down", "shut down", "pinged and shut down in"} {
			t.Run(name+" "+event, func(t *testing.T) {
				t.Parallel()
				p := start(t, args...)
				p.until(event)
				p.interrupt()
				requireEnded(t, p.wait())
			})
		}
	}
}

func TestSecondInterruptDoesNotEndTheProgramBeforeItsMachines(t *testing.T) {
	t.Parallel()
	p := start(t, "-n", "2", "-hang", "1", "-grace", "500ms")
	require.True(t, p.until("vm-1 shutting down"))
	p.interrupt()
	p.interrupt()
	requireError(t, p.wait(), "release vm-1: ", "grace period over")
}

func TestTerminateAndHangupShutDownToo(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			p := start(t, "-n", "2", "-fail", "1", "-boot", "1h")
			require.True(t, p.until("vm-2 ready"))
			require.NoError(t, p.cmd.Process.Signal(sig))
			r := p.wait()
			requireError(t, r, sig.String())
			requireEnded(t, r)
		})
	}
}

// requireEnded requires that the program has ended in an orderly way.
func requireEnded(t *testing.T, r result) {
	t.Helper()
	switch r.status {
	case -1: // before it listened to signals
		require.Empty(t, r.stdout+r.stderr)
	case 0:
		require.Empty(t, r.stderr)
		require.Contains(t, r.stdout, " shut down in ")
	default:
		requireError(t, r)
	}
	// What got ready is released; if it did so in the very moment of the interrupt,
	// it counts as not started.
	for line := range strings.Lines(r.stdout) {
		if before, _, ok := strings.Cut(line, " ready on "); ok {
			vm := before[strings.LastIndexByte(before, ' ')+1:]
			require.Regexp(t, vm+` (shut down|not shut down|not started|still runs)`, r.stdout)
		}
	}
}
