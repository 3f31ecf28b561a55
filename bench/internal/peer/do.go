package peer

import (
	"context"
	"errors"
	"strconv"

	"github.com/samber/do/v2"
)

var doInjector = Peer{
	Name:   "do",
	Serial: true,
	Max:    1000, // its shutdown looks at every service's users: quadratic
	Lacks:  "Opens one after another, without a context; releases in layers, each as slow as its slowest; knows nothing of a sibling that fails: to shut down is the caller's.",
	Run: func(ctx context.Context, job Job) (err error) {
		injector := do.New()
		defer func() {
			if report := injector.ShutdownWithContext(context.WithoutCancel(ctx)); !report.Succeed {
				err = errors.Join(err, report)
			}
		}()
		for i := range job.N {
			name := strconv.Itoa(i)
			do.ProvideNamed(injector, name, func(do.Injector) (doService, error) {
				c, err := job.Open(ctx, i)
				return doService{c}, err
			})
			if _, err := do.InvokeNamed[doService](injector, name); err != nil {
				return err
			}
		}
		return job.Body(ctx)
	},
}

// doService is a Conn as do shuts it down.
type doService struct{ c *Conn }

func (s doService) Shutdown(ctx context.Context) error { return s.c.Close(ctx) }
