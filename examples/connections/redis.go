package main

import (
	"context"
	"fmt"
	"net"

	"github.com/exitpool/exitpool"
	"github.com/redis/go-redis/v9"
)

// OpenRedis returns the Resource of a client of Redis, which is a pool of
// connections. client is what CLIENT LIST shows as their name.
//
// The pool replaces connections that are lost, and so tells nobody. A subscription
// to nothing has a connection of its own, on which a task waits.
func OpenRedis(url, client string) exitpool.Resource[*redis.Client] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*redis.Client, error) {
		options, err := redis.ParseURL(url)
		if err != nil {
			return nil, err
		}
		options.ClientName = client
		options.DialerRetries = 1
		// go-redis reads on when its context is cancelled: see lifeline.
		options.Dialer = func(_ context.Context, network, addr string) (net.Conn, error) {
			return lifeline{ctx}.Dial(network, addr)
		}
		c := redis.NewClient(options) // which does not connect yet
		s.Defer(func(context.Context) error { return unlessCut(ctx, c.Close()) })
		watched := c.Subscribe(ctx)
		s.Defer(func(context.Context) error {
			_ = watched.Close() // an error: the task has closed it
			return nil
		})
		for _, ping := range []func(context.Context) error{
			func(ctx context.Context) error { return c.Ping(ctx).Err() },
			func(ctx context.Context) error { return watched.Ping(ctx) },
		} {
			if err := ping(ctx); err != nil {
				return nil, whyNot(ctx, err)
			}
		}
		s.Go(func(task context.Context) error { return unlessCut(ctx, waitForLoss(task, watched)) })
		return c, nil
	}
}

// waitForLoss returns an error when the connection of sub is lost, and nil when ctx
// has ended.
func waitForLoss(ctx context.Context, sub *redis.PubSub) error {
	stop := context.AfterFunc(ctx, func() { sub.Close() }) // Receive looks at no context
	defer stop()
	for {
		if _, err := sub.Receive(ctx); ctx.Err() != nil {
			return nil
		} else if err != nil {
			return fmt.Errorf("connection lost: %w", err)
		}
	}
}
