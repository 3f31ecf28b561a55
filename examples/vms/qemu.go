package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/exitpool/exitpool"
)

const qemuProgram = "qemu-system-x86_64"

// qemuCommand executes qemu with a floppy disk that has nothing but a boot sector.
// The machine's serial port is the standard input and output of qemu.
func qemuCommand(ctx context.Context, s *exitpool.ExitStack, m machine) (*exec.Cmd, error) {
	dir, err := os.MkdirTemp("", "vms-"+m.name+"-")
	if err != nil {
		return nil, err
	}
	// Registered before the machine is: removed after it has shut down.
	s.Defer(func(context.Context) error { return os.RemoveAll(dir) })
	image := filepath.Join(dir, "boot.img")
	if err := os.WriteFile(image, bootSector(m.trouble), 0o600); err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, m.program,
		"-name", m.name,
		"-machine", "pc,accel=tcg", "-m", "16",
		"-nodefaults", "-no-user-config", "-display", "none",
		// In the value of an option a comma is written twice.
		"-drive", "if=floppy,format=raw,readonly=on,file="+strings.ReplaceAll(image, ",", ",,"),
		"-chardev", "stdio,id=console,signal=off",
		"-serial", "chardev:console",
	), nil
}

// A serialConsole is the serial port: what is sent comes back.
type serialConsole struct {
	vm *VM
	in io.Writer
	mu sync.Mutex // one line is on its way at a time
}

func (c *serialConsole) String() string { return "its serial port" }

// ping has the host send a line to this machine and compares the echo: the boot
// sector knows of no network through which it could reach the next one.
func (c *serialConsole) ping(ctx context.Context, _ *VM) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	line := "ping " + c.vm.Name
	if _, err := fmt.Fprintln(c.in, line); err != nil {
		return "", err
	}
	select {
	case echo := <-c.vm.lines:
		if echo != line {
			return "", fmt.Errorf("sent %q, got %q", line, echo)
		}
		return fmt.Sprintf("host -> %s: %q came back", c.vm.Name, echo), nil
	case <-c.vm.done:
		return "", errors.New("the machine has ended")
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (c *serialConsole) shutdown(context.Context) error {
	_, err := c.in.Write([]byte{powerOffByte})
	return err
}
