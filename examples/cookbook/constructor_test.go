package cookbook_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/examples/cookbook"
)

func ExampleNewService() {
	broken := func(context.Context, *exitpool.ExitStack) (*cookbook.Store, error) {
		return nil, errors.New("no cache")
	}
	_, err := cookbook.NewService(context.Background(), open("main"), broken)
	fmt.Println("error:", err)

	svc, err := cookbook.NewService(context.Background(), open("main"), open("cache"))
	fmt.Println("error:", err)
	fmt.Println("error:", svc.Close())
	// Output:
	// close main []
	// error: no cache
	// error: <nil>
	// close cache []
	// close main []
	// error: <nil>
}
