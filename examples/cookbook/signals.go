package cookbook

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/exitpool/exitpool"
)

// Run serves until SIGINT or SIGTERM comes, or serving fails, and returns the exit status
// for os.Exit. All is released by then. A second signal kills the process.
func Run(addr string, h http.Handler) (status int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // so that the next signal is not caught
	err := exitpool.Use(ctx, Server(addr, h), func(ctx context.Context, srv *http.Server) error {
		fmt.Println("serving at", srv.Addr)
		<-ctx.Done() // nil is returned: to be told to end is no error
		return nil
	}, exitpool.Grace(10*time.Second))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
