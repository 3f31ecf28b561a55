package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/exitpool/exitpool"
)

// A config is what the flags say. Machines are numbered from 1; 0 is none of them.
type config struct {
	n                int
	qemu, quiet      bool
	fail, kill, hang int
	boot, failBoot   time.Duration
	grace, abandon   *time.Duration // nil: not given, which is not the same as 0
	timeline         string         // a file; "": none

	program string // what is executed for a machine
}

const (
	defaultBoot     = 10 * time.Second
	defaultFailBoot = time.Second // that machine is known not to get ready
	defaultGrace    = 5 * time.Second
)

func flagSet(c *config) *flag.FlagSet {
	fs := flag.NewFlagSet("vms", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // an error is one line, which the caller prints
	fs.IntVar(&c.n, "n", 3, "the `number` of machines")
	fs.BoolVar(&c.qemu, "qemu", false, "the machines are virtual machines of "+qemuProgram)
	fs.BoolVar(&c.quiet, "q", false, "print the result only")
	fs.IntVar(&c.fail, "fail", 0, "machine `k` never gets ready")
	fs.IntVar(&c.kill, "kill", 0, "machine `k` is killed with SIGKILL while the body runs")
	fs.IntVar(&c.hang, "hang", 0, "machine `k` ignores the request to shut down, and SIGTERM")
	fs.StringVar(&c.timeline, "timeline", "", "draw when each machine was started and shut down, as SVG, in this `file`")
	fs.DurationVar(&c.boot, "boot", defaultBoot,
		fmt.Sprintf("how long a machine may take to get ready: a `duration` (that of -fail: default %v)", defaultFailBoot))
	fs.Func("grace", fmt.Sprintf("how long a machine may take to shut down before it is killed: a `duration` (default %v; with -abandon alone, for ever)",
		defaultGrace), durationVar(&c.grace))
	fs.Func("abandon", "how long to wait after that (without -grace: from the beginning) before the program goes on without the machine: a `duration`",
		durationVar(&c.abandon))
	return fs
}

func durationVar(p **time.Duration) func(string) error {
	return func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil {
			return errors.New("not a duration, such as 2s")
		}
		*p = &d
		return nil
	}
}

// parseFlags returns flag.ErrHelp for -help, or an error of one line.
func parseFlags(args []string) (*config, error) {
	c := new(config)
	fs := flagSet(c)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	c.failBoot = c.boot
	if !given["boot"] {
		c.failBoot = defaultFailBoot
	}
	if c.grace == nil && c.abandon == nil {
		d := defaultGrace
		c.grace = &d // a machine that hangs must not hang the program
	}
	return c, c.check(fs.Args(), given)
}

func (c *config) check(rest []string, given map[string]bool) error {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q", rest[0])
	}
	if c.n < 1 {
		return fmt.Errorf("-n %d: at least one machine is needed", c.n)
	}
	for _, f := range []struct {
		name string
		k    int
	}{{"fail", c.fail}, {"kill", c.kill}, {"hang", c.hang}} {
		if given[f.name] && (f.k < 1 || f.k > c.n) {
			return fmt.Errorf("-%s %d: the machines are numbered 1 to %d", f.name, f.k, c.n)
		}
	}
	switch {
	case given["timeline"] && c.timeline == "":
		return errors.New("-timeline: the name of a file is needed")
	case c.fail != 0 && c.kill != 0:
		return errors.New("-fail and -kill exclude each other: the body, which would kill, does not run")
	case c.fail != 0 && c.fail == c.hang:
		return errors.New("-fail and -hang cannot name the same machine")
	case c.boot <= 0:
		return fmt.Errorf("-boot %v: must be above 0", c.boot)
	case c.grace != nil && *c.grace < 0:
		return fmt.Errorf("-grace %v: must not be negative", *c.grace)
	case c.abandon != nil && *c.abandon < 0:
		return fmt.Errorf("-abandon %v: must not be negative", *c.abandon)
	}
	return nil
}

// bounds are the options of the pool.
func (c *config) bounds() (opts []exitpool.Option) {
	if c.grace != nil {
		opts = append(opts, exitpool.Grace(*c.grace))
	}
	if c.abandon != nil {
		opts = append(opts, exitpool.Abandon(*c.abandon))
	}
	return opts
}

func (c *config) bootTime(k int) time.Duration {
	if k == c.fail {
		return c.failBoot
	}
	return c.boot
}

// machine is the machine with number k.
func (c *config) machine(k int) machine {
	m := machine{name: vmName(k), program: c.program, qemu: c.qemu}
	switch k {
	case c.fail:
		m.trouble = neverReady
	case c.hang:
		m.trouble = hangs
	}
	return m
}

func usage() string {
	var b bytes.Buffer
	fs := flagSet(new(config))
	fs.SetOutput(&b)
	fmt.Fprintln(&b, "usage: vms [flags]\n\nvms starts machines together, lets each ping the next, and shuts all down.")
	fs.PrintDefaults()
	return strings.TrimRight(b.String(), "\n") + "\n"
}
