package main

import (
	"context"
	"fmt"

	"github.com/exitpool/exitpool"
)

// RunTask is the first variant: the reader of the connection is a task, and its
// error is what ends the body.
func RunTask(ctx context.Context, url string, log *Log) error {
	return exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
		c, err := exitpool.Enter(ctx, s, Connect(url), exitpool.Name("connection"))
		if err != nil {
			return err
		}
		return receive(ctx, c, log, acknowledge(c))
	}, exitpool.Grace(grace), exitpool.Observe(log.Event))
}

// Connect returns the Resource of a connection whose reader is a task.
func Connect(url string) exitpool.Resource[*Conn] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*Conn, error) {
		c, err := Dial(ctx, url)
		if err != nil {
			return nil, err
		}
		// Newest first: Close runs while the task still reads. The other way round
		// the task would be stopped before the handshake, and a websocket whose Read
		// is cancelled is cut.
		s.Go(c.Run)
		s.Defer(c.Close)
		return c, nil
	}
}

// Run reads until the connection is lost, or closed with Close, which is a normal
// end.
func (c *Conn) Run(ctx context.Context) error {
	err := c.read(ctx)
	if c.isClosing() {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrConnectionLost, err)
}
