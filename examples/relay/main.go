// Relay shows what happens when a websocket is dropped by its peer while the body
// of a scope is in the middle of a loop. It runs three variants, one after the
// other, against servers of its own on 127.0.0.1:
//
//   - task: the connection's reader is a task of its scope (task.go);
//   - callback: a callback of the connection calls Cancel (callback.go);
//   - nested: messages are relayed from an inner connection to an outer one, and
//     the loss of the inner one releases both, in order (nested.go).
//
// In each of them the holder's body ends, everything is released, and the result
// Is ErrConnectionLost.
//
//	go run . [-cut]
//
// It exits with 0 if each variant ended so, 1 if one did not, 2 for wrong arguments.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program without the process: it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("relay", flag.ContinueOnError)
	flags.SetOutput(stderr)
	cut := flags.Bool("cut", false, "the peers cut the TCP connection instead of sending a close frame")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "unexpected argument: %s\n", flags.Arg(0))
		flags.Usage()
		return 2
	}
	ending := Drop
	if *cut {
		ending = Cut
	}
	code := 0
	for _, v := range variants(ending) {
		fmt.Fprintf(stdout, "%s:\n", v.name)
		log := NewLog(stdout)
		peers, err := v.play(ctx, log)
		fmt.Fprintf(stdout, "  result: %v\n", err)
		for i, p := range peers {
			fmt.Fprintf(stdout, "  the peer of %s noted: %s\n", v.holds[i], strings.Join(p.Seen(), ", "))
		}
		if err := v.broken(peers, log, err); err != nil {
			fmt.Fprintf(stderr, "relay: %s: %v\n", v.name, err)
			code = 1
		}
		if ctx.Err() != nil {
			break // interrupted
		}
	}
	return code
}
