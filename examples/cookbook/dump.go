package cookbook

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/exitpool/exitpool"
)

// Dump writes what each member of the pool does whenever a signal comes: which one hangs,
// for how long, and for whom it waits.
//
//	signals := make(chan os.Signal, 1)
//	signal.Notify(signals, syscall.SIGQUIT)
//	go cookbook.Dump(ctx, os.Stderr, p, signals)
//
// The context is one from around the pool: that of the body ends when the exit begins, and
// a release can hang too.
func Dump(ctx context.Context, w io.Writer, p *exitpool.ExitPool, signals <-chan os.Signal) {
	for {
		select {
		case <-signals:
			for _, m := range p.Status() {
				fmt.Fprintf(w, "%s: %s for %s", m.Name, m.State, time.Since(m.Since).Round(time.Millisecond))
				if len(m.WaitsFor) > 0 {
					fmt.Fprintf(w, ", waits for %s", strings.Join(m.WaitsFor, ", "))
				}
				fmt.Fprintln(w)
			}
		case <-ctx.Done():
			return
		}
	}
}
