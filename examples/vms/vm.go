package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/exitpool/exitpool"
)

// A machine is what StartVM is to start.
type machine struct {
	name    string
	program string // this program, or qemu
	qemu    bool
	trouble trouble
}

// A trouble is what a machine is made to do wrong.
type trouble string

const (
	none       trouble = "none"
	neverReady trouble = "never-ready" // it does not print READY, and waits
	hangs      trouble = "hangs"       // it ignores the request to shut down
)

// A VM is a machine that is up.
type VM struct {
	Name    string
	console console
	cmd     *exec.Cmd
	life    context.Context // its end kills the process
	asked   atomic.Bool     // to shut down

	lines chan string   // what the machine says
	done  chan struct{} // closed when the process has ended and was waited for
	err   error         // why it ended; set before done is closed
	told  sync.Once     // that it died
}

// A console is how the host talks to a machine that is up.
type console interface {
	ping(ctx context.Context, next *VM) (answer string, err error) // a line for people
	shutdown(ctx context.Context) error                            // asks; the machine is still up when it returns
	String() string                                                // where it is
}

// StartVM returns the Resource of a machine. Its process lives as long as the
// context that the Resource is given: that is cancelled, and the process killed,
// while the machine is booting and another one fails, or its time is up; and when
// Grace is over. In between, the machine is asked to shut down.
func StartVM(r *rack, m machine, out *journal) exitpool.Resource[*VM] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*VM, error) {
		vm, err := boot(ctx, s, r, m)
		if err != nil {
			return nil, err
		}
		s.Defer(vm.Shutdown)
		s.Go(vm.Wait) // if the machine dies, the body's context is cancelled
		out.printf("%s ready on %s", vm.Name, vm.console)
		return vm, nil
	}
}

// Ping has the machine ping the next one, and returns who told whom what.
func (vm *VM) Ping(ctx context.Context, next *VM) (string, error) {
	answer, err := vm.console.ping(ctx, next)
	if err != nil {
		return "", fmt.Errorf("ping from %s to %s: %w", vm.Name, next.Name, err)
	}
	return answer, nil
}

// Wait returns nil when the machine has ended because it was asked to, or when ctx
// has, and an error when the machine died.
func (vm *VM) Wait(ctx context.Context) error {
	select {
	case <-vm.done:
	case <-ctx.Done():
		return nil // it is shut down next, and Shutdown sees whether it had died
	}
	if vm.asked.Load() || vm.life.Err() != nil {
		return nil // it was shut down, or killed: Shutdown tells what is wrong with that
	}
	return vm.death()
}

// Shutdown asks the machine to shut down and waits until it has.
func (vm *VM) Shutdown(ctx context.Context) error {
	if !vm.asked.Swap(true) && vm.ended() {
		return vm.death()
	}
	if err := vm.console.shutdown(ctx); err != nil { // then without the console
		if err := vm.cmd.Process.Signal(syscall.SIGTERM); err != nil { // Windows has none
			_ = vm.Kill() // an error: it has ended meanwhile
		}
	}
	// Not bounded by ctx: when that ends the process is killed, and must be waited
	// for all the same.
	<-vm.done
	if vm.err != nil && !vm.unwanted() {
		return fmt.Errorf("did not shut down: %w", vm.err)
	}
	return nil
}

// Kill kills the machine with SIGKILL.
func (vm *VM) Kill() error { return vm.cmd.Process.Kill() }

func (vm *VM) ended() bool {
	select {
	case <-vm.done:
		return true
	default:
		return false
	}
}

// unwanted reports whether the process was killed because the machine got ready in
// the very moment in which its start was given up: then nothing is wrong with it.
// (The other end of its life is that Grace is over.)
func (vm *VM) unwanted() bool {
	return vm.life.Err() != nil && !errors.Is(context.Cause(vm.life), exitpool.ErrGrace)
}

// death returns why the machine ended without being asked to, once: Wait and
// Shutdown may both find it dead.
func (vm *VM) death() (err error) {
	vm.told.Do(func() {
		switch {
		case vm.unwanted():
		case vm.err != nil:
			err = vm.err
		default:
			err = errors.New("it ended without being asked to")
		}
	})
	return err
}
