//go:build unix

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const resultLine = `^3 machines started, pinged and shut down in \d+\.\d{3}s\n$`

func TestDefaultRunStartsPingsAndShutsDownEveryMachine(t *testing.T) {
	t.Parallel()
	r := runProgram(t)
	require.Equal(t, 0, r.status, r.stderr)
	require.Empty(t, r.stderr)
	for _, vm := range []string{"vm-1", "vm-2", "vm-3"} {
		requireOrder(t, r.stdout, vm+" starting\n", vm+" ready on 127.0.0.1:", "-> "+vm+": pong\n",
			vm+" shutting down\n", vm+" shut down\n")
	}
	requireOrder(t, r.stdout, "vm-1 -> vm-2: pong\n", "vm-2 -> vm-3: pong\n", "vm-3 -> vm-1: pong\n")
	lines := strings.SplitAfter(r.stdout, "\n")
	for _, line := range lines[:len(lines)-2] {
		require.Regexp(t, `^ +\d+\.\d{3}s \S`, line)
	}
	require.Regexp(t, resultLine, lines[len(lines)-2])
}

func TestOneMachinePingsItself(t *testing.T) {
	t.Parallel()
	r := runProgram(t, "-n", "1")
	require.Equal(t, 0, r.status, r.stderr)
	require.Contains(t, r.stdout, "vm-1 -> vm-1: pong\n")
	require.Contains(t, r.stdout, "\n1 machine started, ")
}

func TestTwentyMachines(t *testing.T) {
	t.Parallel()
	r := runProgram(t, "-n", "20")
	require.Equal(t, 0, r.status, r.stderr)
	require.Equal(t, 20, strings.Count(r.stdout, ": pong\n"))
	require.Equal(t, 20, strings.Count(r.stdout, " shut down\n"))
}

func TestQuietRunPrintsTheResultOnly(t *testing.T) {
	t.Parallel()
	r := runProgram(t, "-q")
	require.Equal(t, 0, r.status, r.stderr)
	require.Regexp(t, resultLine, r.stdout)
	require.Empty(t, r.stderr)

	r = runProgram(t, "-q", "-kill", "1")
	requireError(t, r, "vm-1")
	require.Empty(t, r.stdout)
}

func TestMachineThatNeverGetsReadyIsNamedAndTheOthersAreReleased(t *testing.T) {
	t.Parallel()
	r := runProgram(t, "-fail", "2")
	requireError(t, r, "acquire vm-2: ", "READY")
	requireOrder(t, r.stdout, "vm-2 not started: ")
	require.NotContains(t, r.stdout, "pong")
	require.NotContains(t, r.stdout, "vm-2 ready")
	for _, vm := range []string{"vm-1", "vm-3"} {
		requireOrder(t, r.stdout, vm+" starting\n", "vm-2 not started: ") // together
		require.NotContains(t, r.stderr, vm)
		if strings.Contains(r.stdout, vm+" ready on") { // a slow host may not get there
			requireOrder(t, r.stdout, vm+" ready on", vm+" shutting down\n", vm+" shut down\n")
		}
	}
}

func TestKilledMachineForcesTheExitAndIsNamed(t *testing.T) {
	t.Parallel()
	r := runProgram(t, "-kill", "2")
	requireError(t, r, "run vm-2: signal: killed\n")
	requireOrder(t, r.stdout, "vm-2 gets SIGKILL\n", "the body is told: run vm-2: signal: killed\n",
		"vm-2 released\n")
	for _, vm := range []string{"vm-1", "vm-3"} {
		requireOrder(t, r.stdout, "vm-2 gets SIGKILL\n", vm+" shutting down\n", vm+" shut down\n")
	}
}

func TestHangingMachineIsKilledWhenTheGraceIsOver(t *testing.T) {
	t.Parallel()
	for _, more := range [][]string{nil, {"-abandon", "1m"}} {
		t.Run(strings.Join(more, " "), func(t *testing.T) {
			t.Parallel()
			r := runProgram(t, append([]string{"-hang", "3", "-grace", "1s"}, more...)...)
			requireError(t, r, "release vm-3: ", "grace period over", "signal: killed")
			for _, vm := range []string{"vm-1", "vm-2"} { // do not wait for it
				requireOrder(t, r.stdout, vm+" shut down\n", "vm-3 not shut down: ")
			}
		})
	}
}

func TestGraceOfZeroKillsAtOnce(t *testing.T) {
	t.Parallel()
	requireError(t, runProgram(t, "-hang", "1", "-grace", "0"), "release vm-1: ", "grace period over")
}

func TestAbandonedMachineIsNotLeftBehind(t *testing.T) {
	t.Parallel()
	r := runProgram(t, "-hang", "2", "-abandon", "1s")
	requireError(t, r, "abandoned vm-2\n")
	for _, vm := range []string{"vm-1", "vm-3"} {
		requireOrder(t, r.stdout, vm+" shut down\n", "vm-2 still runs: its plug is pulled\n")
	}
}

// It is also what shows that the counting of processes counts.
func TestMachinesEndWhenTheProgramIsKilled(t *testing.T) {
	t.Parallel()
	p := start(t, "-n", "2", "-hang", "2", "-grace", "1h")
	require.True(t, p.until("vm-1 shut down\n"))
	require.Len(t, processes(t, p.mark), 2, "the program, and the machine that hangs")
	require.NoError(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait() // its error is the signal
	require.Eventually(t, func() bool { return len(processes(t, p.mark)) == 0 },
		20*time.Second, 5*time.Millisecond)
}

func TestBrokenPipeOfTheOutputEndsTheRun(t *testing.T) {
	t.Parallel()
	p := start(t, "-n", "2", "-hang", "2", "-grace", "100ms")
	require.True(t, p.until("vm-1 starting\n"))
	require.NoError(t, p.pipe.Close())
	r := p.wait()
	require.Equal(t, 1, r.status, r.stderr)
}
