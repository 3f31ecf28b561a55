package cookbook

import (
	"context"

	"github.com/exitpool/exitpool"
	"golang.org/x/sync/errgroup"
)

// CopyAll opens both stores together, copies the keys with four jobs at a time, and
// closes both when the last job has ended. errgroup runs what only returns an error;
// the scope has what must be released.
func CopyAll(ctx context.Context, source, target exitpool.Resource[*Store], keys []string) error {
	return exitpool.Use(ctx, exitpool.Gather(source, target), func(ctx context.Context, stores []*Store) error {
		jobs, ctx := errgroup.WithContext(ctx) // ends with the scope: a store that dies stops the jobs
		jobs.SetLimit(4)
		for _, key := range keys {
			jobs.Go(func() error { return stores[0].CopyTo(ctx, stores[1], key) })
		}
		return jobs.Wait()
	})
}
