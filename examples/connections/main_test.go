package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// programEnv makes the test binary the program.
const programEnv = "CONNECTIONS_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		main()
	}
	logging.Disable()
	goleak.VerifyTestMain(m)
}

// A program is a run of the program in a process of its own.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	lines  *bufio.Reader
	stdout bytes.Buffer // what was read of it
	stderr output
}

// output is what the program has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func startProgram(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(os.Args[0], args...)}
	p.cmd.Env = append(os.Environ(), programEnv+"=1")
	p.cmd.Stderr = &p.stderr
	pipe, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.lines = bufio.NewReader(pipe)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // an error: it has ended
	return p
}

// until reads the output until a line contains text.
func (p *program) until(text string) {
	p.t.Helper()
	for {
		line, err := p.lines.ReadString('\n')
		p.stdout.WriteString(line)
		if strings.Contains(line, text) {
			return
		}
		if err != nil {
			p.wait()
			require.Fail(p.t, "the program has ended", "before %q\n%s%s", text, &p.stdout, &p.stderr)
		}
	}
}

func (p *program) signal(s os.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// wait returns the exit status. -1 is the death by a signal.
func (p *program) wait() int {
	p.t.Helper()
	kill := time.AfterFunc(time.Minute, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	_, err := io.Copy(&p.stdout, p.lines)
	require.NoError(p.t, err)
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		require.NoError(p.t, err)
	}
	return p.cmd.ProcessState.ExitCode()
}
