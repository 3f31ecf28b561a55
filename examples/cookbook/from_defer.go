package cookbook

import (
	"context"
	"errors"

	"github.com/exitpool/exitpool"
)

// WithDefers is a chain of defers that loses no error: each needs a line that most
// leave out, and the list of what to close is fixed by the function.
func WithDefers(ctx context.Context, first, second Opener, body func(context.Context) error) (err error) {
	a, err := first(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close(context.WithoutCancel(ctx))) }()
	b, err := second(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close(context.WithoutCancel(ctx))) }()
	return body(ctx)
}

// WithStack does the same: newest first, every error kept, the context shielded.
func WithStack(ctx context.Context, first, second Opener, body func(context.Context) error) (err error) {
	s, ctx := exitpool.NewStack(ctx)
	defer s.Unwind(&err)
	a, err := first(ctx)
	if err != nil {
		return err
	}
	s.Defer(a.Close)
	b, err := second(ctx)
	if err != nil {
		return err
	}
	s.Defer(b.Close)
	return body(ctx)
}
