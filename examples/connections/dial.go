package main

import (
	"context"
	"net"
)

// A lifeline dials TCP connections that are cut when ctx ends. (redis.go, nats.go,
// rabbitmq.go and mqtt.go need this file too.)
//
// Their clients take no context where they connect or close, or look at it only
// between two steps. But each of them can be given a dialer, and what a client does
// on a connection that is cut fails at once. ctx is the lifetime of a resource: it
// ends when the acquisition is given up (another one failed, Ctrl-C,
// AcquireTimeout), and later when Grace is over or the release is.
type lifeline struct{ ctx context.Context }

// Dial connects to addr.
func (l lifeline) Dial(network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(l.ctx, network, addr)
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn, nil // not of a network that this program uses
	}
	return &tied{tcp, context.AfterFunc(l.ctx, func() { tcp.Close() })}, nil
}

// tied is a connection with a lifeline. It embeds the very type, because clients
// look for more methods than those of net.Conn. It is used as a pointer, because
// nats.go compares connections.
type tied struct {
	*net.TCPConn
	untie func() bool
}

// Close closes the connection, and forgets the lifeline: a client that reconnects
// has many connections in the life of one resource.
func (t *tied) Close() error {
	t.untie()
	return t.TCPConn.Close()
}

// whyNot returns why an acquisition with ctx has failed. After the end of ctx, err
// is only how the client met it, such as "use of closed network connection".
func whyNot(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// unlessCut returns err, or nil if the lifetime of a resource has ended: then it is the
// end of its lifeline that failed, and who ended it tells why. That happens also to one
// that is connected in the moment in which it is cancelled, and released at once.
func unlessCut(lifetime context.Context, err error) error {
	if lifetime.Err() != nil {
		return nil
	}
	return err
}
