package exitlog_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exitlog"
)

func ExampleObserver() {
	plain := func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "id" || a.Key == "elapsed" {
			return slog.Attr{} // they differ from run to run
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: plain}))
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, func(context.Context, *exitpool.ExitStack) (int, error) { return 1, nil }, exitpool.Name("db"))
		return p.Wait(ctx)
	}, exitpool.Observe(exitlog.Observer(logger)))
	fmt.Println(err)
	// Output:
	// level=DEBUG msg=acquiring op=acquire name=db
	// level=INFO msg=acquired op=acquire name=db
	// level=DEBUG msg=releasing op=release name=db
	// level=INFO msg=released op=release name=db
	// <nil>
}
