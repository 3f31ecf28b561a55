package exitpool

import (
	"context"
	"io"
)

// ExitStack releases what is registered on it, newest first, as Python's
// AsyncExitStack does. The zero value is ready to use; it must not be copied.
// All methods may be called from any goroutine.
//
// Release functions run one after another, in the goroutine that calls Exit,
// Close or Unwind. Each runs exactly once, whatever the others do: return an
// error, panic, or call runtime.Goexit.
//
// Registering while Exit runs: the function runs next. Registering after Exit:
// it runs at once, in the calling goroutine, is told the outcome, and its error
// goes to the observer.
type ExitStack struct {
	scope
	own     *member // the member whose stack this is; nil: it is nobody's. Set at creation
	flight  *flight // acquisitions of Enter in flight; made by the first
	entries entries
}

type (
	deferFunc func(context.Context) error
	pushFunc  func(context.Context, error) error
	closer    struct{ io.Closer }
)

// NewStack returns a stack and the context for what is done while it is open.
// That context is cancelled by a forced exit, with its cause, and when Exit
// begins. It panics if ctx is nil.
//
// The stack must be exited, in general with
//
//	s, ctx := exitpool.NewStack(ctx)
//	defer s.Unwind(&err)
//
// Releases see the values of ctx, but neither its cancellation nor its deadline.
func NewStack(ctx context.Context, opts ...Option) (*ExitStack, context.Context) {
	return newStack("NewStack", ctx, opts)
}

// newStack is NewStack; call is the exported function that was called.
func newStack(call string, ctx context.Context, opts []Option) (*ExitStack, context.Context) {
	// One allocation for the stack, its origin and its first entries.
	made := new(struct {
		ExitStack
		origin origin
		first  firstEntries
	})
	s := &made.ExitStack
	o := &made.origin
	*o = newOrigin(call, ctx, &noOptions, opts)
	o.body, o.cancel = context.WithCancelCause(ctx)
	s.origin.Store(o)
	s.entries.rest = made.first.empty()
	return s, o.body
}

// WithStack calls body with a new stack and exits the stack with what body
// returns. Its context is that of NewStack; body is called also if ctx has ended.
//
// The result is nil, the error of body or the cause of a forced exit as it is
// (==), one failed release as an *OpError, or an *ExitError that holds them all.
// After a forced exit, a body that returns nothing but cancellation makes the
// result the cause.
//
// A panic of body goes on after everything is released, and so does
// runtime.Goexit. A panic of an acquisition, task or release is raised again as
// a *PanicError. WithStack panics if ctx or body is nil.
func WithStack(ctx context.Context, body func(ctx context.Context, s *ExitStack) error, opts ...Option) error {
	if body == nil {
		panic("exitpool: WithStack: nil body")
	}
	return withStack("WithStack", ctx, body, opts)
}

func withStack(call string, ctx context.Context, body func(ctx context.Context, s *ExitStack) error, opts []Option) (err error) {
	s, ctx := newStack(call, ctx, opts)
	returned := false
	defer func() {
		v := recover()
		unwind(&err, v, !returned, s.exit)
	}()
	err = body(ctx, s)
	returned = true
	return err
}

// Defer registers release. Its context has the values of the context on which
// the stack was created, and is cancelled by Grace only. Its error is a failure
// of the scope. It panics if release is nil.
func (s *ExitStack) Defer(release func(context.Context) error) {
	if release == nil {
		panic("exitpool: Defer: nil function")
	}
	s.register(deferFunc(release), false)
}

// DeferClose registers c.Close. It panics if c is nil; of a typed nil pointer the
// method is called.
func (s *ExitStack) DeferClose(c io.Closer) {
	if c == nil {
		panic("exitpool: DeferClose: nil Closer")
	}
	s.register(closer{c}, false)
}

// Push registers exit, which is told why the scope ends: nil after success, else
// the pending error: that of the body or the cause of the forced exit, with what
// the newer releases left of it and added to it; a *PanicError; ErrGoexit. It
// corresponds to contextlib.AsyncExitStack.push_async_exit.
//
// If it returns Suppress, the pending error is dropped. If it returns the very
// error that it was told, nothing changes. Any other error is a failure of the
// scope. It panics if exit is nil.
func (s *ExitStack) Push(exit func(ctx context.Context, cause error) error) {
	if exit == nil {
		panic("exitpool: Push: nil function")
	}
	s.register(pushFunc(exit), true)
}

// Cancel forces the exit of the scope whose body is running: the body's context
// is cancelled with cause, and so are acquisitions in flight. It never blocks,
// and may be called from any goroutine, release or callback. Nothing is released
// before the body has returned. (It is trio's CancelScope.cancel with a reason.)
//
// The first cause wins; later ones are failures of the scope if they differ.
// Cancel(nil) ends the scope without an error of its own. Once Exit has begun,
// Cancel changes nothing, and the observer sees the cause.
//
// On the stack that a Resource is given, Cancel fails the acquisition while that
// is in flight. Afterwards it forces the exit of the scope that holds the
// resource; if the resource is Optional, only its Get fails.
func (s *ExitStack) Cancel(cause error) {
	if (s.leaving() || !s.force(cause, false)) && cause != nil {
		s.from().opts.observer.lateCancel(s.outer(), cause, s.observerBroke)
	}
}

// Close is Exit(nil). It makes a stack an io.Closer.
func (s *ExitStack) Close() error { return s.Exit(nil) }

// Exit cancels the body's context, waits for acquisitions in flight, and
// releases everything, newest first. cause is the error of the body: it is what
// Push functions are told, and comes first in the result (see WithStack).
//
// When it returns, every goroutine that was started for the scope has ended. A
// second or concurrent call waits until everything is released and returns the
// same error; a cause of its own that this error does not contain is added.
//
// A panic of an acquisition, task or release is raised, after everything is
// released, as a *PanicError; after a runtime.Goexit there, Exit ends its
// goroutine. Only the first caller is hit: the others get the *PanicError, or
// ErrGoexit, as the error.
//
// Exit must not be called from a release or task of the stack, where it would
// wait for itself; Cancel can.
func (s *ExitStack) Exit(cause error) error { return s.exit(cause, bodyReturned) }

// Unwind exits the stack with *errp and stores the result there. It must be
// deferred directly:
//
//	defer s.Unwind(&err)
//
// A panic in flight is what Push functions are told, as a *PanicError, and goes
// on with its own value after everything is released; what fails in releasing
// then goes to the observer. A runtime.Goexit in flight is ErrGoexit. Unwind
// panics if errp is nil, after everything is released.
func (s *ExitStack) Unwind(errp *error) {
	v := recover()
	// To find out costs a look at the call stack: only if somebody asks.
	unwind(errp, v, v == nil && s.wantsToKnow() && exitingGoroutine(), s.exit)
}

// register adds a thing, or runs it at once if the stack has exited.
func (s *ExitStack) register(thing any, asks bool) {
	s.mu.Lock()
	if s.phase < drained {
		s.pushLocked(thing, s.nextLocked(), asks)
		s.mu.Unlock()
		return
	}
	e := entry{thing, s.nextLocked()}
	s.mu.Unlock()
	told := s.late()
	runLate(s.from(), e, told, s.outer())
}

// nextLocked returns the index of the next thing that is registered.
func (s *scope) nextLocked() uint32 {
	s.seq++
	return s.seq - 1
}

// pushLocked adds an entry.
func (s *ExitStack) pushLocked(thing any, index uint32, asks bool) {
	if e := (entry{thing, index}); s.phase == open {
		s.entries.push(e)
	} else {
		s.entries.grow(e)
	}
	s.asks = s.asks || asks
}

func (s *ExitStack) wantsToKnow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asks
}

// outer returns the member inside which the stack is.
func (s *ExitStack) outer() *member {
	if s.own != nil {
		return s.own
	}
	return insideOf(s.from().ctx)
}
