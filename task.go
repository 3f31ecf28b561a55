package exitpool

import (
	"context"
	"sync/atomic"

	"github.com/exitpool/exitpool/internal/callguard"
)

// Go runs task on a goroutine of its own and registers the end of it: at its
// place in the LIFO order the task's context is cancelled, and the task is waited
// for. So a provider keeps serving while those that were registered after it are
// released. The context has the values of the context on which the stack was
// created; forced exit does not cancel it.
//
// A task that returns an error, panics, or calls runtime.Goexit forces the exit
// of the scope whose body is running, with an *OpError as the cause; for a panic
// or Goexit see Exit. While the Resource that started it is still acquiring, that
// acquisition fails. A task of an Optional resource makes only Get fail.
// Returning nil is a normal end. What it returns while Exit runs is a failure of
// the scope, unless it is nothing but the cancellation of its own context.
//
// Once Exit has begun Go starts nothing. It panics if task is nil.
func (s *ExitStack) Go(task func(context.Context) error) {
	if task == nil {
		panic("exitpool: Go: nil function")
	}
	s.launch(task)
}

// A task is the running function of Go.
type task struct {
	in     atomic.Pointer[ExitStack] // on which it is. PopAll moves it
	run    func(context.Context) error
	index  uint32
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when it has ended
	err    error         // what Exit has to report, and
	broke  error         // to raise. Set before done is closed
	quiet  atomic.Bool   // it has ended, and there is nothing to report
}

func (s *ExitStack) launch(run func(context.Context) error) {
	ctx := context.WithoutCancel(s.from().ctx)
	if s.own != nil {
		ctx = context.WithValue(ctx, insideKey{}, s.own) // what it uses, the member uses
	}
	t := &task{run: run, done: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	t.in.Store(s)
	s.mu.Lock()
	taken := s.phase == open
	if taken {
		t.index = s.nextLocked()
		s.pushLocked(t, t.index, true)
	}
	s.mu.Unlock()
	if !taken {
		return
	}
	f := func() error { return t.run(t.ctx) }
	if sp := s.span(OpRun, t.name); sp != nil {
		f = sp.around(func() error {
			err := t.run(t.ctx)
			sp.cancelled(err != nil && induced(err, t.ctx))
			return err
		})
	}
	go func() {
		var err error
		callguard.Call(func() { err = f() }, func(how callguard.How) { t.end(how, err) })
	}()
}

// end forces the exit of the scope, or leaves the failure to the exit that runs.
func (t *task) end(how callguard.How, err error) {
	t.broke = broken(how, OpRun, t.name)
	if t.broke == nil && err != nil && !induced(err, t.ctx) {
		t.err = err
		s := t.in.Load()
		err = opError(OpRun, t.name, s.own != nil && s.own.named(), err)
	} else {
		err = t.broke
	}
	if err == nil || forceFrom(&t.in, err, false) {
		t.err, t.broke = nil, nil
		t.quiet.Store(true)
	}
	close(t.done)
	t.cancel(nil)
}

func (t *task) ended() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// gone reports whether the stack can forget the task.
func (t *task) gone() bool { return t.quiet.Load() }

func (t *task) name() string {
	if m := t.in.Load().own; m != nil {
		return m.name()
	}
	return funcName(t.run, t.index)
}

// stop ends a task at its place in the order, and waits for it.
func (x *unwinding) stop(t *task) error {
	cause := x.told()
	if cause == nil {
		cause = ErrClosed
	}
	late := x.leave.over()
	t.cancel(cause)
	enough := x.leave.patience()
	if t.ended() {
		enough = nil
	}
	select {
	case <-t.done:
	case <-enough:
		x.abandoned = append(x.abandoned, t.name())
		return nil // the observer sees how it ends
	}
	if t.broke != nil {
		x.breaks(t.broke)
		return nil
	}
	return x.leave.late(late, t.err)
}
