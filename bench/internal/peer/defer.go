package peer

import (
	"context"
	"errors"
)

var deferLoop = Peer{
	Name:   "defer-loop",
	Serial: true,
	Lacks:  "Native defer: opens and closes one after another, bound to one function; what fails in closing is joined by hand.",
	Run: func(ctx context.Context, job Job) (err error) {
		releaseCtx := context.WithoutCancel(ctx)
		var errs []error
		defer func() { err = errors.Join(append(errs, err)...) }()
		for i := range job.N {
			c, err := job.Open(ctx, i)
			if err != nil {
				return err
			}
			defer func() {
				if err := c.Close(releaseCtx); err != nil {
					errs = append(errs, err)
				}
			}()
		}
		return job.Body(ctx)
	},
}
