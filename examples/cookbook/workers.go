package cookbook

import (
	"context"

	"github.com/exitpool/exitpool"
)

// Workers has n goroutines do what is sent to the channel. Its release closes the
// channel and then waits for the workers, which do what is still queued: tasks that
// were started before are ended after. If do fails, the scope is forced to exit;
// so a sender selects on its context too.
func Workers[J any](n int, do func(context.Context, J) error) exitpool.Resource[chan<- J] {
	return func(ctx context.Context, s *exitpool.ExitStack) (chan<- J, error) {
		queue := make(chan J, 10*n)
		for range n {
			s.Go(func(context.Context) error {
				for job := range queue {
					if err := do(ctx, job); err != nil { // ctx lives until the last worker has ended
						return err
					}
				}
				return nil
			})
		}
		s.Defer(func(context.Context) error { close(queue); return nil })
		return queue, nil
	}
}
