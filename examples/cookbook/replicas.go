package cookbook

import (
	"context"

	"github.com/exitpool/exitpool"
)

// FirstReplica dials all addresses together and calls body with the first connection
// that is there. The other dials are cancelled, and what they opened is closed.
func FirstReplica(ctx context.Context, dial func(addr string) exitpool.Resource[*Store], addrs []string, body func(context.Context, *Store) error) error {
	return exitpool.Use(ctx, exitpool.Race(each(addrs, dial)...), body)
}

// Majority dials all nodes together and calls body with more than half of them.
func Majority(ctx context.Context, dial func(addr string) exitpool.Resource[*Store], addrs []string, body func(context.Context, []*Store) error) error {
	return exitpool.Use(ctx, exitpool.Quorum(len(addrs)/2+1, each(addrs, dial)...), body)
}

func each(addrs []string, dial func(addr string) exitpool.Resource[*Store]) (rs []exitpool.Resource[*Store]) {
	for _, addr := range addrs {
		rs = append(rs, dial(addr))
	}
	return rs
}
