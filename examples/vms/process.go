package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

// This file is the host's side of a machine that is a process; machine.go is the
// process.

// processCommand executes this program again, as a machine.
func processCommand(ctx context.Context, m machine) *exec.Cmd {
	trouble := m.trouble
	if trouble == "" {
		trouble = none
	}
	return exec.CommandContext(ctx, m.program, machineCommand, m.name, string(trouble))
}

// findProgram finds what is executed for a machine.
func (c *config) findProgram() (err error) {
	if c.qemu {
		c.program, err = exec.LookPath(qemuProgram)
		if err != nil {
			return fmt.Errorf("-qemu needs %s (Debian: apt install qemu-system-x86 seabios): %w", qemuProgram, err)
		}
		return nil
	}
	c.program, err = os.Executable()
	return err
}

// A tcpConsole is a console on a port of the host. Each request is a connection of
// its own, one line there and one back.
type tcpConsole struct {
	vm   *VM
	addr string
}

func (c *tcpConsole) String() string { return c.addr }

// ping has this machine connect to the console of the next one.
func (c *tcpConsole) ping(ctx context.Context, next *VM) (string, error) {
	answer, err := ask(ctx, c.addr, "ping "+next.console.String())
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s -> %s: %s", c.vm.Name, next.Name, answer), nil
}

func (c *tcpConsole) shutdown(ctx context.Context) error {
	_, err := ask(ctx, c.addr, "shutdown")
	return err
}

// ask connects to addr, sends a line, and returns the line that comes back. It
// ends with ctx.
func ask(ctx context.Context, addr, line string) (answer string, err error) {
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx) // not what it looked like from inside
		}
	}()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := fmt.Fprintln(conn, line); err != nil {
		return "", err
	}
	answer, err = bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("no answer from %s: %w", addr, err)
	}
	answer = strings.TrimSpace(answer)
	if problem, ok := strings.CutPrefix(answer, "error: "); ok {
		return "", fmt.Errorf("%s says: %s", addr, problem)
	}
	return answer, nil
}
