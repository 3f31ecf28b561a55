package peer

import (
	"context"
	"errors"

	"go.uber.org/fx"
)

var fxLifecycle = Peer{
	Name:   "fx",
	Serial: true,
	Max:    10_000,
	Lacks:  "Starts and stops hooks one after another; stops calling them once the context of Stop has ended; releases after a failed start only while the caller's context lives.",
	Run: func(ctx context.Context, job Job) error {
		app := fx.New(fx.NopLogger, fx.Invoke(func(lc fx.Lifecycle) {
			for i := range job.N {
				var c *Conn
				lc.Append(fx.Hook{
					OnStart: func(ctx context.Context) (err error) {
						c, err = job.Open(ctx, i)
						return err
					},
					OnStop: func(ctx context.Context) error { return c.Close(ctx) },
				})
			}
		}))
		if err := app.Start(ctx); err != nil {
			return err // what was started has been stopped
		}
		err := job.Body(ctx)
		return errors.Join(err, app.Stop(context.WithoutCancel(ctx)))
	},
}
