package main

import (
	"context"
	"fmt"

	"github.com/exitpool/exitpool"
)

// RunCallback is the second variant: the connection has a goroutine of its own and
// tells by a callback when it has ended.
func RunCallback(ctx context.Context, url string, log *Log) error {
	return exitpool.WithStack(ctx, func(ctx context.Context, s *exitpool.ExitStack) error {
		c, err := exitpool.Enter(ctx, s, Subscribe(url), exitpool.Name("connection"))
		if err != nil {
			return err
		}
		return receive(ctx, c.Conn, log, acknowledge(c.Conn))
	}, exitpool.Grace(grace), exitpool.Observe(log.Event))
}

// Subscribe returns the Resource of a connection with a callback.
func Subscribe(url string) exitpool.Resource[*Notifier] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*Notifier, error) {
		c, err := Dial(ctx, url)
		if err != nil {
			return nil, err
		}
		n := &Notifier{Conn: c, ended: make(chan struct{})}
		// The callback comes after Close too. By then Exit has begun, and Cancel
		// changes nothing: the callback need not know why the connection ended.
		n.OnClose(func(err error) { s.Cancel(fmt.Errorf("%w: %w", ErrConnectionLost, err)) })
		// ctx is the lifetime of the connection, so the reader survives the end of
		// the body and can take part in the close handshake.
		n.Start(ctx)
		s.Defer(n.Close)
		return n, nil
	}
}

// Notifier is a connection as many client libraries make it: its reader is its own
// affair, and whoever wants to know of the end registers a callback.
type Notifier struct {
	*Conn
	onClose func(error)
	ended   chan struct{} // closed when the reader, and the callback, have returned
}

// OnClose registers what is called, with the reason, when the connection has ended,
// by the peer or by Close. It must be called before Start.
func (n *Notifier) OnClose(f func(error)) { n.onClose = f }

// Start starts the reader. ctx bounds it.
func (n *Notifier) Start(ctx context.Context) {
	go func() {
		defer close(n.ended)
		n.onClose(n.read(ctx))
	}()
}

// Close closes the connection, as Conn.Close does, and waits for the reader.
func (n *Notifier) Close(ctx context.Context) error {
	err := n.Conn.Close(ctx)
	<-n.ended
	return err
}
