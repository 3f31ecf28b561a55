package cookbook_test

import (
	"context"
	"fmt"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/examples/cookbook"
)

func ExampleCopyAll() {
	source := exitpool.Resource[*cookbook.Store](func(context.Context, *exitpool.ExitStack) (*cookbook.Store, error) {
		return cookbook.NewStore("source", "a", "b", "c"), nil
	})
	err := cookbook.CopyAll(context.Background(), source, open("target"), []string{"a", "b", "c"})
	fmt.Println("error:", err)
	// Output:
	// close target [a b c]
	// error: <nil>
}
