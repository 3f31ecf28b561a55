package exitpool

import (
	"context"
	"io"
)

// Resource acquires a T and registers on s how to release it, as a test helper
// does with t.Cleanup. If it returns an error, what it has registered is released
// at once, newest first.
//
// ctx is the lifetime of the resource. While it is being acquired, ctx is
// cancelled with the scope; once acquired it is not cancelled by a forced exit, by
// the end of the body or by the caller, and lives without a deadline until the
// resource's own release is over, or Grace is. So exec.CommandContext(ctx, ...)
// is not killed before its graceful release.
type Resource[T any] func(ctx context.Context, s *ExitStack) (T, error)

// AcquireRelease returns a Resource from two functions. release is not called if
// acquire fails. It panics if one of them is nil.
func AcquireRelease[T any](acquire func(context.Context) (T, error), release func(context.Context, T) error) Resource[T] {
	if acquire == nil {
		panic("exitpool: AcquireRelease: nil acquire")
	}
	if release == nil {
		panic("exitpool: AcquireRelease: nil release")
	}
	return func(ctx context.Context, s *ExitStack) (T, error) {
		v, err := acquire(ctx)
		if err == nil {
			s.Defer(func(ctx context.Context) error { return release(ctx, v) })
		}
		return v, err
	}
}

// Closing returns a Resource whose release is the Close method of its value, as
// contextlib.closing does. It panics if open is nil.
func Closing[T io.Closer](open func(context.Context) (T, error)) Resource[T] {
	if open == nil {
		panic("exitpool: Closing: nil function")
	}
	return func(ctx context.Context, s *ExitStack) (T, error) {
		v, err := open(ctx)
		if err == nil {
			s.DeferClose(v)
		}
		return v, err
	}
}

// Enter acquires r on the calling goroutine and registers its release on s. The
// acquisition sees the values of ctx and is cancelled with ctx and with the scope
// of s. Enters may run concurrently; each takes its place in the LIFO order when
// it succeeds.
//
// A failed Enter belongs to its caller: s neither records it nor is cancelled by
// it. The error is that of r as it is (==), or with Name an *OpError; if what r had
// registered fails in releasing, an *ExitError with both. If ctx has ended, it Is
// ctx.Err() and context.Cause(ctx); after a forced exit it is the cause, and once
// Exit has begun, ErrClosed: then nothing is acquired, or what was is released.
//
// A panic of r goes on as a *PanicError, and runtime.Goexit goes on, after what
// r had registered is released. Enter panics if ctx, s or r is nil.
func Enter[T any](ctx context.Context, s *ExitStack, r Resource[T], opts ...EntryOption) (T, error) {
	switch {
	case ctx == nil:
		panic("exitpool: Enter: nil Context")
	case s == nil:
		panic("exitpool: Enter: nil ExitStack")
	case r == nil:
		panic("exitpool: Enter: nil Resource")
	}
	e := &struct { // one allocation
		Entry[T]
		ctx context.Context
	}{Entry[T]{r: r}, ctx}
	if err := s.enter(&e.ctx, &e.m, e, opts); err != nil {
		var zero T
		return zero, err
	}
	return e.value, nil
}

// Use acquires r, calls body with its value, and releases it: Python's
// "async with r as v". The result is as in WithStack; if r cannot be acquired, it
// is that error and body is not called. It panics if ctx, r or body is nil.
func Use[T any](ctx context.Context, r Resource[T], body func(ctx context.Context, v T) error, opts ...Option) error {
	switch {
	case ctx == nil:
		panic("exitpool: Use: nil Context")
	case r == nil:
		panic("exitpool: Use: nil Resource")
	case body == nil:
		panic("exitpool: Use: nil body")
	}
	return withStack("Use", ctx, func(ctx context.Context, s *ExitStack) error {
		v, err := Enter(ctx, s, r)
		if err != nil {
			return err
		}
		return body(ctx, v)
	}, opts)
}
