package cookbook_test

import (
	"context"
	"fmt"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/examples/cookbook"
	"go.uber.org/fx"
)

func ExampleHook() {
	say := func(what string) func(context.Context) error {
		return func(context.Context) error { fmt.Println(what); return nil }
	}
	db := fx.Hook{OnStart: say("start db"), OnStop: say("stop db")}
	api := fx.Hook{OnStart: say("start api"), OnStop: say("stop api")}
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		first := exitpool.Start(p, cookbook.Hook(db))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (struct{}, error) {
			if _, err := first.Get(ctx); err != nil { // api needs db
				return struct{}{}, err
			}
			return exitpool.Enter(ctx, s, cookbook.Hook(api))
		})
		return p.Wait(ctx)
	})
	fmt.Println("error:", err)
	// Output:
	// start db
	// start api
	// stop api
	// stop db
	// error: <nil>
}
