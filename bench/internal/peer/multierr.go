package peer

import (
	"context"

	"go.uber.org/multierr"
)

var multierrDefer = Peer{
	Name:   "multierr",
	Serial: true,
	Lacks:  "Collects errors and nothing more: opens and closes one after another, in the function that defers.",
	Run: func(ctx context.Context, job Job) (failed error) {
		for i := range job.N {
			c, err := job.Open(ctx, i)
			if err != nil {
				return err
			}
			defer multierr.AppendInvoke(&failed, multierr.Invoke(func() error {
				return c.Close(context.WithoutCancel(ctx))
			}))
		}
		return job.Body(ctx)
	},
}
