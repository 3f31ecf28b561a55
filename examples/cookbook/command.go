package cookbook

import (
	"context"
	"os"
	"os/exec"

	"github.com/exitpool/exitpool"
)

// Command runs a program while it is held. Its release interrupts it and waits; when
// Grace is over, ctx ends, and that kills it. A program that ends by itself with an
// error forces the scope to exit.
func Command(name string, args ...string) exitpool.Resource[*exec.Cmd] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*exec.Cmd, error) {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		s.Go(func(task context.Context) error { // task ends at its place in the order of release
			stop := context.AfterFunc(task, func() { cmd.Process.Signal(os.Interrupt) })
			defer stop()
			if err := cmd.Wait(); task.Err() == nil {
				return err
			}
			return nil // it was told to end
		})
		return cmd, nil
	}
}
