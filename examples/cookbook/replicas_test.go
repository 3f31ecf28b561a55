package cookbook_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/examples/cookbook"
)

// dial connects to what is up, and hangs with what is not.
func dial(addr string) exitpool.Resource[*cookbook.Store] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*cookbook.Store, error) {
		switch addr {
		case "hangs":
			<-ctx.Done()
			return nil, ctx.Err()
		case "refuses":
			return nil, errors.New("connection refused")
		}
		return cookbook.NewStore(addr), nil
	}
}

func ExampleFirstReplica() {
	err := cookbook.FirstReplica(context.Background(), dial, []string{"hangs", "refuses", "b.example"},
		func(_ context.Context, s *cookbook.Store) error { fmt.Println("connected to", s.Name); return nil })
	fmt.Println("error:", err)
	// Output:
	// connected to b.example
	// error: <nil>
}

func ExampleMajority() {
	nodes := []string{"a.example", "hangs", "c.example", "refuses", "e.example"}
	names := func(_ context.Context, stores []*cookbook.Store) error {
		for _, s := range stores {
			fmt.Println(s.Name)
		}
		return nil
	}
	fmt.Println("error:", cookbook.Majority(context.Background(), dial, nodes, names))
	nodes[0], nodes[1] = "refuses", "refuses"
	fmt.Println("error:", cookbook.Majority(context.Background(), dial, nodes, names) != nil)
	// Output:
	// a.example
	// c.example
	// e.example
	// error: <nil>
	// error: true
}
