package cookbook

import (
	"context"

	"github.com/exitpool/exitpool"
	"go.uber.org/fx"
)

// Hook makes a Resource of an fx hook, for what is not rewritten yet. Hooks of one
// pool start and stop together, while fx runs them one by one; one that needs
// another says so with Get.
func Hook(h fx.Hook) exitpool.Resource[struct{}] {
	return func(ctx context.Context, s *exitpool.ExitStack) (struct{}, error) {
		if h.OnStart != nil {
			if err := h.OnStart(ctx); err != nil {
				return struct{}{}, err
			}
		}
		if h.OnStop != nil {
			s.Defer(h.OnStop) // its context is alive, also when the start was cut off
		}
		return struct{}{}, nil
	}
}
