package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/exitpool/exitpool"
)

// boot starts the process and waits until it says READY. No process is left if it
// fails.
func boot(ctx context.Context, s *exitpool.ExitStack, r *rack, m machine) (*VM, error) {
	vm := &VM{Name: m.name, life: ctx, lines: make(chan string, 16), done: make(chan struct{})}
	var err error
	if m.qemu {
		vm.cmd, err = qemuCommand(ctx, s, m)
	} else {
		vm.cmd = processCommand(ctx, m)
	}
	if err != nil {
		return nil, err
	}
	setApart(vm.cmd)
	stdin, err := vm.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := r.start(vm); err != nil {
		return nil, err
	}
	for {
		select {
		case line := <-vm.lines:
			if where, ok := strings.CutPrefix(line, "READY"); ok {
				vm.console = &tcpConsole{vm: vm, addr: strings.TrimSpace(where)}
				if m.qemu {
					vm.console = &serialConsole{vm: vm, in: stdin}
				}
				return vm, nil
			}
		case <-vm.done: // the end of ctx leads here too: it kills the process
			return nil, vm.notReady(ctx)
		}
	}
}

// notReady returns why the machine ended before it was ready.
func (vm *VM) notReady(ctx context.Context) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded): // its AcquireTimeout
		return errors.New("it did not say READY")
	case ctx.Err() != nil: // another machine failed, or Ctrl-C
		return context.Cause(ctx)
	case vm.err != nil:
		return fmt.Errorf("it ended before it said READY: %w", vm.err)
	}
	return errors.New("it ended before it said READY")
}

// start starts the process, and the goroutine that reads what it says and waits
// for its end.
func (vm *VM) start() error {
	stdout, err := vm.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var complaints bytes.Buffer
	vm.cmd.Stderr = &complaints
	if err := vm.cmd.Start(); err != nil {
		return err
	}
	go func() {
		defer close(vm.done)
		readLines(stdout, vm.lines)
		vm.err = vm.cmd.Wait()
		if text := strings.TrimSpace(complaints.String()); vm.err != nil && text != "" {
			vm.err = fmt.Errorf("%w: %s", vm.err, text)
		}
	}()
	return nil
}

// readLines reads to the end. A line for which nobody waits is dropped, so that
// the end is reached.
func readLines(r io.Reader, lines chan<- string) {
	for in := bufio.NewReader(r); ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		select {
		case lines <- strings.TrimSpace(line):
		default:
		}
	}
}
