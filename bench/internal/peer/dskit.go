package peer

import (
	"context"
	"errors"

	"github.com/grafana/dskit/services"
)

var dskitManager = Peer{
	Name:  "dskit",
	Max:   10_000,
	Lacks: "The stopping functions get no context; the others go on starting when one fails, until StopAsync; a goroutine or more for each service while it is held; errors of stopping are in each service.",
	Run: func(ctx context.Context, job Job) error {
		list := make([]services.Service, job.N)
		for i := range list {
			var c *Conn
			list[i] = services.NewIdleService(
				func(ctx context.Context) (err error) {
					c, err = job.Open(ctx, i)
					return err
				},
				func(error) error {
					if c == nil {
						return nil
					}
					return c.Close(context.WithoutCancel(ctx))
				})
		}
		m, err := services.NewManager(list...)
		if err != nil {
			return err
		}
		// What runs is stopped, also when another failed to start.
		err = services.StartManagerAndAwaitHealthy(ctx, m)
		if err == nil {
			err = job.Body(ctx)
		}
		return errors.Join(err, services.StopManagerAndAwaitStopped(context.WithoutCancel(ctx), m))
	},
}
