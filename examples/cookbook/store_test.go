package cookbook_test

import (
	"context"
	"fmt"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/examples/cookbook"
)

// open returns a store that says when it is closed.
func open(name string) exitpool.Resource[*cookbook.Store] {
	return exitpool.AcquireRelease(
		func(context.Context) (*cookbook.Store, error) { return cookbook.NewStore(name), nil },
		func(_ context.Context, s *cookbook.Store) error {
			fmt.Println("close", s.Name, s.Keys())
			return nil
		})
}
