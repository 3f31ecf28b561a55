package cookbook_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/examples/cookbook"
)

func ExampleRetrying() {
	attempt := 0
	flaky := func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
		attempt++
		n := attempt
		s.Defer(func(context.Context) error { fmt.Println("hang up", n); return nil })
		if n < 3 {
			return "", errors.New("busy")
		}
		return "connected", nil
	}
	err := exitpool.Use(context.Background(),
		cookbook.Retrying(flaky, backoff.WithBackOff(backoff.NewConstantBackOff(time.Millisecond))),
		func(_ context.Context, line string) error { fmt.Println(line); return nil })
	fmt.Println("error:", err)
	// Output:
	// hang up 1
	// hang up 2
	// connected
	// hang up 3
	// error: <nil>
}
