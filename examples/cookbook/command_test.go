package cookbook_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/examples/cookbook"
)

func ExampleCommand() {
	body := func(ctx context.Context, cmd *exec.Cmd) error { return nil }
	err := exitpool.Use(context.Background(), cookbook.Command("sleep", "60"), body)
	fmt.Println("one that obeys:", err)

	wait := func(ctx context.Context, cmd *exec.Cmd) error { <-ctx.Done(); return ctx.Err() }
	err = exitpool.Use(context.Background(), cookbook.Command("sh", "-c", "exit 3"), wait)
	var exit *exec.ExitError
	fmt.Println("one that fails:", errors.As(err, &exit), exit.ExitCode())

	signal.Ignore(os.Interrupt) // inherited
	defer signal.Reset(os.Interrupt)
	err = exitpool.Use(context.Background(), cookbook.Command("sleep", "60"), body, exitpool.Grace(50*time.Millisecond))
	fmt.Println("one that is killed:", errors.Is(err, exitpool.ErrGrace))
	// Output:
	// one that obeys: <nil>
	// one that fails: true 3
	// one that is killed: true
}
