package main

import (
	"context"
	"time"
)

// grace is what the variants give their releases: a close handshake that takes
// longer is cut.
const grace = 2 * time.Second

// lastMessage is what a peer sends that has nothing more to say.
const lastMessage = "end"

// receive is the loop in the body of each variant: it handles the messages of c
// until the last one. It does not ask whether the connection is alive. If it is
// lost, ctx ends, wherever the loop is.
func receive(ctx context.Context, c *Conn, log *Log, handle func(message string) error) error {
	for {
		select {
		case message := <-c.Messages():
			log.Printf("received %s", message)
			if message == lastMessage {
				return nil
			}
			if err := handle(message); err != nil {
				return err
			}
		case <-ctx.Done():
			log.Printf("body ends: %v", context.Cause(ctx))
			return ctx.Err()
		}
	}
}

// acknowledge returns the handler that answers each message.
func acknowledge(c *Conn) func(string) error {
	return func(message string) error { return c.Send("ack " + message) }
}
