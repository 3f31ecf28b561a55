package proptest

import (
	"context"
	"runtime"
	"sync"

	"github.com/exitpool/exitpool"
)

// scope calls a scope of the program, which is inside f.
func (r *run) scope(f *Fn, s *Scope, ctx context.Context) error {
	opts := r.options(s.Opts, f == nil)
	by := -1
	if f != nil {
		by = f.ID
	}
	end := Event{What: ScopeEnd, ID: s.ID, By: by}
	if s.Kind.open() {
		return r.opened(f, s, ctx, opts, end)
	}
	return r.watched(end, func() error {
		switch s.Kind {
		case WithStack:
			return exitpool.WithStack(ctx, func(ctx context.Context, st *exitpool.ExitStack) error {
				r.set(s.Holder, st, nil)
				return r.exec(s.Body, ctx, nil)
			}, opts...)
		case WithPool:
			return exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
				r.set(s.Holder, nil, p)
				return r.exec(s.Body, ctx, nil)
			}, opts...)
		default:
			return exitpool.Use(ctx, r.resource(s.Res), func(ctx context.Context, _ any) error {
				return r.exec(s.Body, ctx, nil)
			}, opts...)
		}
	})
}

func (r *run) set(h *Holder, s *exitpool.ExitStack, p *exitpool.ExitPool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s != nil {
		r.stacks[h.ID] = s
	} else {
		r.pools[h.ID] = p
	}
}

// opened calls NewStack or NewPool, the body, and Exit: in the manner of defer, or
// by several callers at once.
func (r *run) opened(f *Fn, s *Scope, ctx context.Context, opts []exitpool.Option, end Event) error {
	var exit func(error) error
	var unwind func(*error)
	if s.Kind == NewStack {
		st, inner := exitpool.NewStack(ctx, opts...)
		r.set(s.Holder, st, nil)
		ctx, exit, unwind = inner, st.Exit, st.Unwind
	} else {
		p, inner := exitpool.NewPool(ctx, opts...)
		r.set(s.Holder, nil, p)
		ctx, exit, unwind = inner, p.Exit, p.Unwind
	}
	var err error
	if s.Exits == 0 || s.Body.End == Panics || s.Body.End == Exits {
		err = r.watched(end, func() (err error) {
			defer unwind(&err)
			return r.exec(s.Body, ctx, nil)
		})
	} else {
		err = r.shared(s, ctx, exit, unwind, end)
	}
	by := s.Body
	for _, reg := range s.Late {
		r.register(by, reg)
	}
	return err
}

// shared exits a scope by several callers. One of them is hit by a panic or Goexit:
// if that is not the caller of the scope, it goes on from there all the same.
func (r *run) shared(s *Scope, ctx context.Context, exit func(error) error, unwind func(*error), end Event) (err error) {
	var wg sync.WaitGroup
	begun := make([]struct {
		how How
		v   any
		err error
	}, s.Exits)
	how, v, err := guard(func() (err error) {
		defer unwind(&err) // the second Exit of this caller, unless the body has not returned
		err = r.exec(s.Body, ctx, nil)
		for i := range begun {
			wg.Go(func() {
				b := &begun[i]
				b.how, b.v, b.err = guard(func() error { return exit(nil) })
			})
		}
		return exit(err)
	})
	wg.Wait()
	for _, b := range begun {
		end.Extras = append(end.Extras, End2{b.how, asError(b.v, b.err)})
		if b.how != Returned && how != Panicked {
			how, v = b.how, b.v
		}
	}
	end.How, end.Value, end.Err = how, v, asError(v, err)
	r.log.add(end)
	switch how {
	case Panicked:
		panic(v)
	case Goexited:
		runtime.Goexit()
	}
	return err
}
