//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The tests run the program as a user does, as a process: it is this test binary,
// which is the program if markVar is set. Every process that comes of it inherits
// the variable, and is found by it.
const markVar = "EXITPOOL_VMS_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(markVar) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// A program is one run of the program.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	mark   string
	pipe   io.Closer // the end of the output that is read
	out    *bufio.Reader
	seen   strings.Builder // of the output, so far
	stderr bytes.Buffer
}

var runs atomic.Int64

// start runs the program in a process group of its own, as a shell does. Arguments
// of the form NAME=value at the beginning are for its environment. It is killed
// after a minute: a test that hangs would not say where.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	// With -race a process would sleep for a second before it exits.
	env := append(os.Environ(), "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") && strings.Contains(args[0], "=") {
		env, args = append(env, args[0]), args[1:]
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	p := &program{t: t, cmd: exec.CommandContext(ctx, exe, args...),
		mark: fmt.Sprintf("%s=%d.%d", markVar, os.Getpid(), runs.Add(1))}
	p.cmd.Env = append(env, p.mark)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.pipe, p.out = stdout, bufio.NewReader(stdout)
	require.NoError(t, p.cmd.Start())
	return p
}

// until reads the output up to a line that contains text, and reports whether
// there is one.
func (p *program) until(text string) bool {
	p.t.Helper()
	for {
		line, err := p.out.ReadString('\n')
		p.seen.WriteString(line)
		if err != nil {
			return false
		}
		if strings.Contains(line, text) {
			return true
		}
	}
}

// interrupt does what Ctrl-C at a terminal does: the signal goes to the group.
func (p *program) interrupt() {
	err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT)
	if !errors.Is(err, syscall.ESRCH) { // it has ended already
		require.NoError(p.t, err)
	}
}

// A result is what a run came to.
type result struct {
	status         int // -1: killed by a signal
	stdout, stderr string
}

// wait waits for the end of the program, and requires that no process is left at
// that moment.
func (p *program) wait() result {
	p.t.Helper()
	p.until("\x00")
	err := p.cmd.Wait()
	if exit := new(exec.ExitError); !errors.As(err, &exit) {
		require.NoError(p.t, err)
	}
	r := result{p.cmd.ProcessState.ExitCode(), p.seen.String(), p.stderr.String()}
	require.Empty(p.t, processes(p.t, p.mark), "processes are left\nstdout:\n%s\nstderr:\n%s", r.stdout, r.stderr)
	return r
}

func runProgram(t *testing.T, args ...string) result {
	t.Helper()
	return start(t, args...).wait()
}

// processes finds the processes that have mark in their environment.
func processes(t *testing.T, mark string) (found []string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		out, err := exec.Command("ps", "-axwwE", "-o", "pid=,command=").Output() // as on macOS
		require.NoError(t, err)
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line+" ", mark+" ") {
				found = append(found, line)
			}
		}
		return found
	}
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		env, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended, or is somebody else's
		}
		if bytes.Contains(append(env, 0), []byte(mark+"\x00")) {
			cmdline, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
			found = append(found, file+": "+strings.ReplaceAll(string(cmdline), "\x00", " "))
		}
	}
	return found
}

// requireOrder requires that the lines of text which contain these come in this
// order.
func requireOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, ok := strings.Cut(rest, part)
		require.True(t, ok, "%q is missing, or not in order %q, in:\n%s", part, parts, text)
		rest = after
	}
}

// requireError requires status 1, and one line of stderr that contains these.
func requireError(t *testing.T, r result, parts ...string) {
	t.Helper()
	require.Equal(t, 1, r.status, "stdout:\n%s\nstderr:\n%s", r.stdout, r.stderr)
	requireOneLine(t, r.stderr)
	for _, part := range parts {
		require.Contains(t, r.stderr, part)
	}
}

func requireOneLine(t *testing.T, text string) {
	t.Helper()
	require.Equal(t, 1, strings.Count(text, "\n"), "not one line: %q", text)
	require.True(t, strings.HasSuffix(text, "\n"), "not one line: %q", text)
}
