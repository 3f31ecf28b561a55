package main

import (
	"context"
	"errors"
	"net"

	"github.com/exitpool/exitpool"
)

// goodbye is the last message that the outer peer gets.
const goodbye = "goodbye"

// RunNested is the third variant: what the inner connection receives is relayed to
// the outer one. The loss of one of them ends the body, and then the inner one is
// released, and after it the outer one.
func RunNested(ctx context.Context, outerURL, innerURL string, log *Log) error {
	return exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
		outer, err := exitpool.Enter(ctx, s, ConnectPolitely(outerURL), exitpool.Name("outer"))
		if err != nil {
			return err
		}
		inner, err := exitpool.Enter(ctx, s, Connect(innerURL), exitpool.Name("inner"))
		if err != nil {
			return err // outer is released
		}
		ack := acknowledge(inner)
		return receive(ctx, inner, log, func(message string) error {
			if err := outer.Send(message); err != nil {
				return err
			}
			return ack(message)
		})
	}, exitpool.Grace(grace), exitpool.Observe(log.Event))
}

// ConnectPolitely returns the Resource of a connection that says goodbye when it is
// released. A Resource is a function: this one calls Connect's and adds to it.
func ConnectPolitely(url string) exitpool.Resource[*Conn] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*Conn, error) {
		c, err := Connect(url)(ctx, s)
		if err != nil {
			return nil, err
		}
		// The body's context has ended when this runs, but not the lifetime of the
		// connection, with which it sends.
		s.Defer(func(context.Context) error {
			err := c.Send(goodbye)
			if errors.Is(err, net.ErrClosed) {
				return nil // it is this connection that was lost
			}
			return err
		})
		return c, nil
	}
}
