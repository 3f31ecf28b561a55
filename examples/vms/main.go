// Command vms starts N virtual machines together, lets each ping the next, and
// shuts all of them down together: what reads in Python, with a gather_cm that
// asyncio lacks,
//
//	async with gather_cm(start_vm(), start_vm()) as (vm1, vm2): ...
//
// A machine is a process: the program executes itself again (machine.go). With
// -qemu it is a real virtual machine (qemu.go) that boots a boot sector made here
// (bootsector.go). What a user of exitpool writes is run, below, and StartVM, in
// vm.go; the flags -fail, -kill and -hang show what it is for.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/exitpool/exitpool"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == machineCommand {
		os.Exit(runMachine(os.Args[2:]))
	}
	os.Exit(command(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the story. If a machine does not get ready, Wait returns that error; if
// one dies later, ctx is cancelled. Either way, whatever is up is shut down.
func run(ctx context.Context, c *config, r *rack, out *journal, observe func(exitpool.Event)) error {
	return exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
		vms := make([]*exitpool.Entry[*VM], c.n)
		for i := range vms {
			vms[i] = exitpool.Start(p, StartVM(r, c.machine(i+1), out),
				exitpool.Name(vmName(i+1)), exitpool.AcquireTimeout(c.bootTime(i+1)))
		}
		if err := p.Wait(ctx); err != nil {
			return err
		}
		if c.kill != 0 {
			return killAndWait(ctx, vms[c.kill-1].Value(), out)
		}
		return pingRound(ctx, vms, out)
	}, append(c.bounds(), exitpool.Observe(observe))...)
}

// pingRound has each machine ping the next, and the last the first.
func pingRound(ctx context.Context, vms []*exitpool.Entry[*VM], out *journal) error {
	for i, vm := range vms {
		next := vms[(i+1)%len(vms)]
		answer, err := vm.Value().Ping(ctx, next.Value())
		if err != nil {
			return err
		}
		out.printf("%s", answer)
	}
	return nil
}

// killAndWait is the body of -kill. The death of the machine is an error of its
// task (VM.Wait), and that cancels ctx.
func killAndWait(ctx context.Context, vm *VM, out *journal) error {
	out.printf("%s gets SIGKILL", vm.Name)
	if err := vm.Kill(); err != nil {
		return err
	}
	<-ctx.Done()
	out.printf("the body is told: %v", context.Cause(ctx))
	return ctx.Err()
}

// command is the program on its outside: flags, signals, the exit status.
func command(args []string, stdout, stderr io.Writer) int {
	// SIGPIPE: nobody reads the output any more. It must not kill the program, which
	// then could shut nothing down.
	// The signals are never let go: one that comes after the last machine is shut
	// down must not make the end look like a kill.
	ctx, _ := signal.NotifyContext(context.Background(),
		os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	c, err := parseFlags(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage())
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "vms: %s (-help lists the flags)\n", oneLine(err))
		return 2
	}
	if err := c.findProgram(); err != nil {
		fmt.Fprintf(stderr, "vms: %s\n", oneLine(err))
		return 1
	}
	pic, err := openPicture(c.timeline)
	if err != nil {
		fmt.Fprintf(stderr, "vms: %s\n", oneLine(err))
		return 1
	}
	start := time.Now()
	out := &journal{start: start, quiet: c.quiet, w: stdout, dead: map[string]bool{}}
	r := new(rack)
	err = run(ctx, c, r, out, func(e exitpool.Event) {
		pic.observe(e)
		out.observe(e)
	})
	out.ignoreEvents()
	r.unplug(out) // only after Abandon is there anything left
	if err := errors.Join(err, pic.save()); err != nil {
		fmt.Fprintf(stderr, "vms: %s\n", oneLine(err))
		return 1
	}
	fmt.Fprintf(stdout, "%s started, pinged and shut down in %.3fs\n",
		count(c.n, "machine"), time.Since(start).Seconds())
	return 0
}

func vmName(k int) string { return fmt.Sprintf("vm-%d", k) }

func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
