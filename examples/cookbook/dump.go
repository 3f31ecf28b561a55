package cookbook

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/exitpool/exitpool"
)

// Dump writes what each member of the pool does whenever a signal comes, which tells
// which one hangs, since when, and for whom it waits:
//
//	signals := make(chan os.Signal, 1)
//	signal.Notify(signals, syscall.SIGQUIT)
//	go cookbook.Dump(ctx, os.Stderr, p, signals)
func Dump(ctx context.Context, w io.Writer, p *exitpool.ExitPool, signals <-chan os.Signal) {
	for {
		select {
		case <-signals:
			fmt.Fprintf(w, "%+v\n", p.Status())
		case <-ctx.Done():
			return
		}
	}
}
