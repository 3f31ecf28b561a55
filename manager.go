package exitpool

import (
	"context"
	"errors"
	"runtime"

	"github.com/exitpool/exitpool/internal/callguard"
)

// ContextManager returns a Resource from one function that acquires, yields the
// value once, and releases, as contextlib.asynccontextmanager does. f runs on a
// goroutine of its own, and its context serves the code after yield too: it is
// the lifetime context of the resource.
//
// yield returns what a function given to Push is told: nil after success, or why
// the scope ends. If f then returns nil, or that very error, nothing changes; if
// it returns Suppress, the error is dropped; any other error is a failure of the
// release. Returning without having yielded is a failed acquisition. A second
// yield panics, and so does ContextManager if f is nil.
func ContextManager[T any](f func(ctx context.Context, yield func(T) error) error) Resource[T] {
	if f == nil {
		panic("exitpool: ContextManager: nil function")
	}
	return func(ctx context.Context, s *ExitStack) (T, error) {
		g := &generator[T]{yielded: make(chan T), resume: make(chan error), ended: make(chan struct{})}
		go g.run(func() error { return f(ctx, g.yield) })
		select {
		case v := <-g.yielded:
			s.Push(func(_ context.Context, cause error) error {
				g.resume <- cause
				return g.end()
			})
			return v, nil
		case <-g.ended:
			var zero T
			err := g.end()
			if err == nil {
				err = errors.New("exitpool: ContextManager: the function returned without having yielded")
			}
			return zero, err
		}
	}
}

// A generator is the running function of a ContextManager.
type generator[T any] struct {
	yielded chan T        // its value, once
	resume  chan error    // what yield is to return, once
	ended   chan struct{} // closed when the function has ended,
	how     callguard.How // in this way,
	err     error         // with this error
	once    bool          // it has yielded; used by its goroutine only
}

func (g *generator[T]) run(f func() error) {
	callguard.Call(func() { g.err = f() }, func(how callguard.How) {
		g.how = how
		close(g.ended)
	})
}

func (g *generator[T]) yield(v T) error {
	if g.once {
		panic("exitpool: ContextManager: second yield")
	}
	g.once = true
	g.yielded <- v
	return <-g.resume
}

// end waits for the function and passes on how it ended.
func (g *generator[T]) end() error {
	<-g.ended
	switch {
	case g.how.Panicked:
		panic(newPanic(g.how.Value, g.how.Stack, "", func() string { return "" }))
	case g.how.Exited:
		runtime.Goexit()
	}
	return g.err
}
