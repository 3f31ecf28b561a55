package cookbook_test

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/examples/cookbook"
)

func ExampleWorkers() {
	var sum atomic.Int64
	add := func(_ context.Context, n int) error { sum.Add(int64(n)); return nil }
	err := exitpool.Use(context.Background(), cookbook.Workers(3, add),
		func(ctx context.Context, queue chan<- int) error {
			for n := range 101 {
				select {
				case queue <- n:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil // with jobs in the queue
		})
	fmt.Println(sum.Load(), err)
	// Output:
	// 5050 <nil>
}
