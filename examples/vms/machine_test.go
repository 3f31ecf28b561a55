//go:build unix

package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// startMachine starts a machine alone, and returns its plug and its address.
func startMachine(t *testing.T, trouble trouble) (cmd *exec.Cmd, plug io.Closer, addr string) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd = exec.CommandContext(t.Context(), exe, machineCommand, "vm-9", string(trouble))
	cmd.Env = append(os.Environ(), markVar+"=machine", "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	plug, err = cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	if trouble != neverReady {
		line, err := bufio.NewReader(stdout).ReadString('\n')
		require.NoError(t, err)
		addr = strings.TrimSpace(strings.TrimPrefix(line, "READY"))
		require.True(t, strings.HasPrefix(addr, "127.0.0.1:"), line)
	}
	return cmd, plug, addr
}

func TestConsoleAnswersEachLine(t *testing.T) {
	t.Parallel()
	cmd, _, addr := startMachine(t, none)
	answer, err := ask(t.Context(), addr, "ping")
	require.NoError(t, err)
	require.Equal(t, "pong", answer)
	answer, err = ask(t.Context(), addr, "ping "+addr)
	require.NoError(t, err)
	require.Equal(t, "pong", answer)
	_, err = ask(t.Context(), addr, "ping 127.0.0.1:1")
	require.ErrorContains(t, err, "127.0.0.1:1")
	_, err = ask(t.Context(), addr, "dance")
	require.ErrorContains(t, err, "vm-9 knows ping, ping ADDRESS and shutdown")
	answer, err = ask(t.Context(), addr, "shutdown")
	require.NoError(t, err)
	require.Equal(t, "bye", answer)
	require.NoError(t, cmd.Wait())
}

func TestAskEndsWithItsContextAndSaysWhy(t *testing.T) {
	t.Parallel()
	_, _, addr := startMachine(t, none)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(os.ErrProcessDone)
	_, err := ask(ctx, addr, "ping")
	require.Equal(t, os.ErrProcessDone, err)
}

func TestMachineShutsDownOnSIGTERM(t *testing.T) {
	t.Parallel()
	cmd, _, _ := startMachine(t, none)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait())
}

func TestMachineEndsWhenItsPlugIsPulled(t *testing.T) {
	t.Parallel()
	for _, trouble := range []trouble{none, neverReady, hangs} {
		t.Run(string(trouble), func(t *testing.T) {
			t.Parallel()
			cmd, plug, addr := startMachine(t, trouble)
			if trouble == hangs { // it withstands everything else
				answer, err := ask(t.Context(), addr, "shutdown")
				require.NoError(t, err)
				require.Equal(t, "bye", answer)
				for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
					require.NoError(t, cmd.Process.Signal(sig))
				}
				answer, err = ask(t.Context(), addr, "ping")
				require.NoError(t, err)
				require.Equal(t, "pong", answer)
			}
			require.NoError(t, plug.Close())
			err := cmd.Wait()
			require.EqualError(t, err, "exit status 1")
		})
	}
}
