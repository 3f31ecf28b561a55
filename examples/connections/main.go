// Command connections connects to several services at the same time, does a little
// work across them, and closes the connections at the same time.
//
// By itself it needs none: it opens an SQLite database in a temporary folder, and
// starts a NATS server in its own process. With -services it connects to PostgreSQL,
// MariaDB, Redis, NATS, RabbitMQ and an MQTT broker; -help lists where it looks for
// them.
//
// What a program can copy is in the file of each service: postgres.go, mariadb.go,
// redis.go, nats.go, rabbitmq.go, mqtt.go, sqlite.go, natsserver.go. Each has one
// exitpool.Resource that connects, registers how to close, and tells the scope when
// the connection is lost. transaction.go has a transaction that commits if all went
// well. services.go and embedded.go put them together; work.go is the work.
//
// It exits with 0 if the work was done and everything is closed, 1 if not or if the
// picture cannot be written, 2 for wrong arguments. SIGINT and SIGTERM end it in an
// orderly way: with 0 once the work is done (-hold), else with 1. A second one kills it.
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
	"github.com/redis/go-redis/v9/logging"
)

func main() {
	logging.Disable() // of go-redis: it would repeat, on stderr, what is returned
	os.Exit(command(os.Args[1:], os.Stdout, os.Stderr))
}

// command is the program without the process: it returns the exit status.
func command(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // the second signal kills
	c, err := parseFlags(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage())
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "connections: %s (-help lists the flags)\n", oneLine(err))
		return 2
	}
	v, err := openView(c, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "connections: %s\n", oneLine(err))
		return 1
	}
	out := &journal{start: time.Now(), quiet: c.quiet, w: stdout}
	if v.live != nil {
		out.rows, out.w = true, v.live
	}
	run := runEmbedded
	if c.services {
		run = runServices
	}
	parcel, err := run(ctx, c, out, exitpool.Grace(c.grace), exitpool.Abandon(c.abandon),
		exitpool.Observe(out.observe), exitpool.Observe(v.observe))
	unseen := v.close() // before anything else is written
	if err == nil {
		fmt.Fprintln(stdout, parcel)
	}
	if err = errors.Join(err, unseen); err != nil {
		fmt.Fprintf(stderr, "connections: %s\n", oneLine(err))
		return 1
	}
	return 0
}

// end is the end of the body: with -hold it waits until a signal comes or a
// connection is lost. It returns nil also then: that it was lost is known to the
// scope, and after a signal everything is as it should be.
func (c *config) end(ctx context.Context, out *journal) {
	if c.hold {
		out.printf("everything is open: press Ctrl-C to close it")
		<-ctx.Done()
		out.printf("the body is told: %v", context.Cause(ctx))
	}
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
