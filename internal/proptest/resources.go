package proptest

import (
	"context"

	"github.com/exitpool/exitpool"
)

// resource makes the Resource of res.
func (r *run) resource(res *Res) exitpool.Resource[any] {
	switch res.Kind {
	case AcquireRelease:
		return exitpool.AcquireRelease(func(ctx context.Context) (any, error) {
			return res, r.acquire(res, ctx)
		}, func(ctx context.Context, _ any) error { return r.exec(res.Reg.Fn, ctx, nil) })
	case Closing:
		closing := exitpool.Closing(func(ctx context.Context) (closeFunc, error) {
			return func() error { return r.exec(res.Reg.Fn, context.Background(), nil) }, r.acquire(res, ctx)
		})
		return func(ctx context.Context, s *exitpool.ExitStack) (any, error) { return closing(ctx, s) }
	case ContextManager:
		return exitpool.ContextManager(func(ctx context.Context, yield func(any) error) error {
			if err := r.acquire(res, ctx); err != nil {
				return err
			}
			return r.exec(res.Reg.Fn, ctx, yield(res))
		})
	case Gather:
		return many(exitpool.Gather(r.resources(res.Kids)...))
	case Race:
		return exitpool.Race(r.resources(res.Kids)...)
	case Quorum:
		return many(exitpool.Quorum(res.N, r.resources(res.Kids)...))
	}
	return func(ctx context.Context, s *exitpool.ExitStack) (any, error) {
		r.mu.Lock()
		r.stacks[res.Stack.ID], r.lives[res.ID] = s, ctx
		r.mu.Unlock()
		return res, r.exec(res.Fn, ctx, nil)
	}
}

func (r *run) resources(kids []*Res) (rs []exitpool.Resource[any]) {
	for _, kid := range kids {
		rs = append(rs, r.resource(kid))
	}
	return rs
}

func many(all exitpool.Resource[[]any]) exitpool.Resource[any] {
	return func(ctx context.Context, s *exitpool.ExitStack) (any, error) { return all(ctx, s) }
}

// acquire acquires a resource whose release is implied.
func (r *run) acquire(res *Res, ctx context.Context) error {
	r.mu.Lock()
	r.lives[res.ID] = ctx
	r.mu.Unlock()
	err := r.exec(res.Fn, ctx, nil)
	if err == nil {
		r.log.add(Event{What: Registering, ID: res.Reg.ID, By: res.Fn.ID})
		r.log.add(Event{What: Registered, ID: res.Reg.ID, By: res.Fn.ID})
	}
	return err
}

func (res *Res) options() (opts []exitpool.EntryOption) {
	if res.Name != "" {
		opts = append(opts, exitpool.Name(res.Name))
	}
	if res.Weight != 1 {
		opts = append(opts, exitpool.Weight(res.Weight))
	}
	if res.Acquire >= 0 {
		opts = append(opts, exitpool.AcquireTimeout(res.Acquire))
	}
	if res.Release >= 0 {
		opts = append(opts, exitpool.ReleaseTimeout(res.Release))
	}
	if res.Optional {
		opts = append(opts, exitpool.Optional())
	}
	return opts
}

func (r *run) options(o ScopeOpts, root bool) (opts []exitpool.Option) {
	if o.Limit > 0 {
		opts = append(opts, exitpool.Limit(o.Limit))
	}
	if o.Grace >= 0 {
		opts = append(opts, exitpool.Grace(o.Grace))
	}
	if o.Abandon >= 0 {
		opts = append(opts, exitpool.Abandon(o.Abandon))
	}
	if root && r.p.Features.Observe {
		opts = append(opts, exitpool.Observe(r.obs.observe))
	}
	return opts
}
