package main

import (
	"context"
	"errors"
	"fmt"
	neturl "net/url"
	"sync/atomic"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/nats-io/nats.go"
)

// OpenNATS returns the Resource of a connection to NATS. client is what the
// server's monitoring shows as its name.
//
// nats.go tells by a callback when the connection has ended, and that forces the
// scope to exit.
func OpenNATS(url, client string) exitpool.Resource[*nats.Conn] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*nats.Conn, error) {
		lifetime := ctx
		var told atomic.Bool // who is first, the callback or the release, tells what is wrong
		ended := make(chan struct{})
		nc, err := nats.Connect(url, nats.Name(client),
			// nats.go takes no context: see lifeline. Its own bound, 2s, is less than
			// a busy server may need.
			nats.SetCustomDialer(lifeline{ctx}), nats.Timeout(time.Minute),
			// A connection that comes back by itself would be none to lose.
			nats.NoReconnect(),
			nats.ClosedHandler(func(nc *nats.Conn) {
				// Not during its own release. That is not always the exit of the
				// scope, where Cancel would change nothing: Entry.Release leaves the
				// scope open.
				if told.CompareAndSwap(false, true) && lifetime.Err() == nil {
					s.Cancel(fmt.Errorf("nats: connection lost: %w", nc.LastError()))
				}
				close(ended)
			}))
		if err != nil {
			return nil, whyNot(ctx, fmt.Errorf("%s: %w", host(url), err)) // nats.go does not name it
		}
		s.Defer(func(ctx context.Context) error {
			if !told.CompareAndSwap(false, true) {
				<-ended
				return nil
			}
			return unlessCut(lifetime, drain(ctx, nc, ended))
		})
		return nc, nil
	}
}

// host is where the server is, without the password that may be in the URL.
func host(raw string) string {
	u, err := neturl.Parse(raw)
	if err != nil {
		return "nats"
	}
	return u.Host
}

// drain lets the subscriptions of nc finish with what they have, closes it, and
// waits until it is closed. If ctx ends before, it is closed at once.
func drain(ctx context.Context, nc *nats.Conn, ended <-chan struct{}) error {
	before := nc.LastError()
	if err := nc.Drain(); err != nil {
		<-ended // it fails only if the connection has ended already
		return fmt.Errorf("drain: %w", errors.Join(err, nc.LastError()))
	}
	select {
	case <-ended:
	case <-ctx.Done():
		nc.Close()
		<-ended
		return context.Cause(ctx)
	}
	if err := nc.LastError(); err != before {
		return fmt.Errorf("drain: %w", err) // what is left of its time is not told otherwise
	}
	return nil
}
