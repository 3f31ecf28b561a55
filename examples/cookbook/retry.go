package cookbook

import (
	"context"

	"github.com/cenkalti/backoff/v5"
	"github.com/exitpool/exitpool"
)

// Retrying acquires r, and tries again when that fails. An attempt that fails
// releases what it had registered before the next begins.
func Retrying[T any](r exitpool.Resource[T], opts ...backoff.RetryOption) exitpool.Resource[T] {
	return func(ctx context.Context, s *exitpool.ExitStack) (T, error) {
		return backoff.Retry(ctx, func() (T, error) { return exitpool.Enter(ctx, s, r) }, opts...)
	}
}
