//go:build unix

package main

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// needQemu skips the test where there is no qemu; not in CI.
func needQemu(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath(qemuProgram); err != nil {
		if os.Getenv("CI") != "" || os.Getenv("EXITPOOL_QEMU") == "1" {
			t.Fatalf("%s is required here: %v", qemuProgram, err)
		}
		t.Skipf("%s is not installed (Debian: apt install qemu-system-x86 seabios)", qemuProgram)
	}
}

func TestQemuMachinesBootEchoAndShutDown(t *testing.T) {
	t.Parallel()
	needQemu(t)
	r := runProgram(t, "-qemu", "-n", "2")
	require.Equal(t, 0, r.status, r.stderr)
	require.Empty(t, r.stderr)
	for _, vm := range []string{"vm-1", "vm-2"} {
		requireOrder(t, r.stdout, vm+" starting\n", vm+" ready on its serial port\n",
			`host -> `+vm+`: "ping `+vm+`" came back`, vm+" shutting down\n", vm+" shut down\n")
	}
}

func TestQemuMachineInTroubleIsNamed(t *testing.T) {
	t.Parallel()
	needQemu(t)
	t.Run("fail", func(t *testing.T) {
		t.Parallel()
		requireError(t, runProgram(t, "-qemu", "-n", "2", "-fail", "1"), "acquire vm-1: ", "READY")
	})
	t.Run("kill", func(t *testing.T) {
		t.Parallel()
		r := runProgram(t, "-qemu", "-n", "2", "-kill", "2")
		requireError(t, r, "run vm-2: signal: killed")
		requireOrder(t, r.stdout, "vm-2 gets SIGKILL\n", "vm-1 shut down\n")
	})
	t.Run("hang", func(t *testing.T) {
		t.Parallel()
		r := runProgram(t, "-qemu", "-n", "1", "-hang", "1", "-grace", "300ms")
		requireError(t, r, "release vm-1: ", "grace period over")
	})
	t.Run("abandon", func(t *testing.T) {
		t.Parallel()
		r := runProgram(t, "-qemu", "-n", "1", "-hang", "1", "-abandon", "300ms")
		requireError(t, r, "abandoned vm-1")
		require.Contains(t, r.stdout, "vm-1 still runs: its plug is pulled\n")
	})
}

func TestInterruptLeavesNoQemuAndNoFile(t *testing.T) {
	t.Parallel()
	needQemu(t)
	for _, event := range []string{"vm-1 starting", "vm-2 ready", "came back", "shutting down"} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			tmp := t.TempDir()
			p := start(t, "TMPDIR="+tmp, "-qemu", "-n", "2")
			p.until(event)
			p.interrupt()
			requireEnded(t, p.wait())
			left, err := filepath.Glob(filepath.Join(tmp, "*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func TestQemuThatIsNotInstalledIsOneClearError(t *testing.T) {
	t.Parallel()
	r := start(t, "PATH=/nowhere", "-qemu").wait()
	requireError(t, r, "-qemu needs "+qemuProgram)
	require.Empty(t, r.stdout)
}

func TestBootSectorIsWhatTheBIOSLoads(t *testing.T) {
	t.Parallel()
	for _, trouble := range []trouble{"", none, neverReady, hangs} {
		sector := bootSector(trouble)
		require.Len(t, sector, 512)
		require.EqualValues(t, 0xAA55, binary.LittleEndian.Uint16(sector[510:]))
	}
	require.Less(t, len(bootCode), 510)
	require.Equal(t, "READY\r\n\x00", string(bootSector(none)[greeting:greeting+8]))
	require.EqualValues(t, powerOffByte, bootCode[jumpToOff-1], "what is compared with")
	require.EqualValues(t, loadAddress+greeting, binary.LittleEndian.Uint16(bootCode[0x13:]), "what is printed")
}
