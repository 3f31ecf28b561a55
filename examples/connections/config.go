package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/exitpool/exitpool"
)

// A config is what the flags and the environment say.
type config struct {
	services       bool
	addr           map[string]string // of each service, by its name
	client         string
	parcel         string
	hold           bool
	quiet          bool
	timeline       string // the file of the picture; "": none
	progress       bool
	connect        time.Duration
	grace, abandon time.Duration
}

// addresses are those of the six services: the name, which is that of the flag too,
// the variable of the environment, and where a service is on a machine that runs it
// with its defaults.
var addresses = []struct{ name, env, local string }{
	{"postgres", "POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/test"},
	{"mariadb", "MARIADB_DSN", "root@tcp(127.0.0.1:3306)/test"},
	{"redis", "REDIS_URL", "redis://127.0.0.1:6379"},
	{"nats", "NATS_URL", "nats://127.0.0.1:4222"},
	{"rabbitmq", "RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/"},
	{"mqtt", "MQTT_URL", "tcp://127.0.0.1:1883"},
}

func flagSet(c *config) *flag.FlagSet {
	fs := flag.NewFlagSet("connections", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // an error is one line, which the caller prints
	fs.BoolVar(&c.services, "services", false, "connect to the six services instead of the embedded ones")
	c.addr = map[string]string{}
	for _, a := range addresses {
		c.addr[a.name] = a.local
		if v := os.Getenv(a.env); v != "" {
			c.addr[a.name] = v
		}
		fs.Func(a.name, fmt.Sprintf("the `address` of that service, with -services ($%s, else %s)", a.env, a.local),
			func(s string) error { c.addr[a.name] = s; return nil })
	}
	// A broker allows a client identifier once.
	fs.StringVar(&c.client, "client", fmt.Sprintf("connections-%d", os.Getpid()), "the `name` that the services show for the connections")
	fs.StringVar(&c.parcel, "parcel", "parcel", "the `text` that goes through all services")
	fs.BoolVar(&c.hold, "hold", false, "stay connected after the work, until a signal comes or a connection is lost")
	fs.BoolVar(&c.quiet, "q", false, "print the result only")
	fs.StringVar(&c.timeline, "timeline", "", "draw the run into a `file`.svg, .json (a trace for Perfetto) or .txt")
	fs.BoolVar(&c.progress, "progress", false, "show one line for each resource, instead of what happens line by line")
	fs.DurationVar(&c.connect, "connect", 10*time.Second, "how long connecting to one service may take: a `duration`")
	fs.DurationVar(&c.grace, "grace", 5*time.Second, "how long closing may take before the connections are cut: a `duration`")
	fs.DurationVar(&c.abandon, "abandon", 5*time.Second, "how long to wait after that before the program ends all the same: a `duration`")
	return fs
}

// parseFlags returns flag.ErrHelp for -help, or an error of one line.
func parseFlags(args []string) (*config, error) {
	c := new(config)
	fs := flagSet(c)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if c.timeline != "" && pictures[filepath.Ext(c.timeline)] == nil {
		return nil, fmt.Errorf("-timeline %s: the name must end in .svg, .json or .txt", c.timeline)
	}
	if c.connect < 0 || c.grace < 0 || c.abandon < 0 {
		return nil, errors.New("a duration must not be negative")
	}
	var stray error
	fs.Visit(func(f *flag.Flag) {
		if _, ok := c.addr[f.Name]; ok && !c.services {
			stray = fmt.Errorf("-%s is for -services", f.Name)
		}
	})
	return c, stray
}

// member are the options of a member of the pool.
func (c *config) member(name string) []exitpool.EntryOption {
	return []exitpool.EntryOption{exitpool.Name(name), exitpool.AcquireTimeout(c.connect)}
}

func usage() string {
	var b bytes.Buffer
	fs := flagSet(new(config))
	fs.SetOutput(&b)
	fmt.Fprint(&b, "usage: connections [flags]\n\nconnections connects to several services together, carries a parcel through them,\nand closes the connections together.\n")
	fs.PrintDefaults()
	return b.String()
}
