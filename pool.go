package exitpool

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"github.com/exitpool/exitpool/internal/depend"
	"github.com/exitpool/exitpool/internal/standby"
)

// ExitPool acquires resources concurrently and releases them concurrently, except
// that a member that used another is released before that. It is the gather_cm
// that asyncio lacks. The zero value is ready to use; it must not be copied. All
// methods may be called from any goroutine.
//
// Members are started with Start. A member that gets another one with Entry.Get,
// in its acquisition or later, uses it from then on. Nothing else is ordered: an
// acquisition goes on the moment that its own dependencies are ready, a release
// starts the moment that its own users are gone. Inside one member the order is
// that of an ExitStack.
//
// The first member that cannot be acquired cancels the body's context and the
// other acquisitions. What succeeds all the same is released.
type ExitPool struct {
	scope
	holder       atomic.Pointer[ExitStack] // in which it is; nil: in none. PopAll moves it
	acquisitions standby.Queue[*member]
	releases     standby.Queue[*member]
	ready        atomic.Bool // the queues are set up
	limit        *limit      // nil: none. Set with ready
	foreign      atomic.Bool // something inside has waited for a member elsewhere, without an edge in a graph
	closed       atomic.Bool
	spare        atomic.Pointer[unwinding] // for the next member that Exit releases

	// Guarded by scope.mu.
	epoch       time.Time     // from which the time of states counts. Set with ready
	members     members       // in the order of Start; the pool forgets those that are gone
	functions   *functions    // one of these; nil: there are none
	acquiring   int           // members that are being acquired, or unwound after that
	adrift      int           // acquisitions that Exit has abandoned
	quiet       chan struct{} // made by Wait; closed when nothing is being acquired
	empty       chan struct{} // made by Exit if it has to wait; closed when the list is empty
	halt        *halt         // nil: members are acquired
	cut         bool          // a member was cut off by the halt
	handed      bool          // the holder has taken the cause of the forced exit
	faults      []faultOf     // of acquisitions
	failures    []faultOf     // of releases
	graph       depend.Graph[*member]
	race        *race   // nil: all members are wanted
	unwatch     func()  // ends the watch on the caller's context; nil: none
	protected   bool    // what they are told is the failure of an acquisition
	told        error   // what Push functions are told. Set when Exit begins
	leave       leave   // of the exit. Set when that begins
	sum         verdict // of the members released by Exit
	says, asked int     // members with a say, and those that ask to suppress
}

// halt is why a pool acquires no more.
type halt struct {
	err         error // what Get and Wait say
	kind, cause error // the Err and Cause of the lifetime contexts
	caller      bool  // the caller's context ended
}

// faultOf is a failure of the member with that index.
type faultOf struct {
	index uint32
	err   error
}

// NewPool returns a pool and the context for what is done while it is open. That
// context is cancelled by a forced exit, a member that cannot be acquired
// included, with its cause, and when Exit begins. It panics if ctx is nil.
//
// The pool must be exited, in general with
//
//	p, ctx := exitpool.NewPool(ctx)
//	defer p.Unwind(&err)
//
// Acquisitions get a context derived from ctx, releases see its values but neither
// its cancellation nor its deadline.
func NewPool(ctx context.Context, opts ...Option) (*ExitPool, context.Context) {
	return newPool("NewPool", ctx, opts)
}

// newPool is NewPool; call is the exported function that was called.
func newPool(call string, ctx context.Context, opts []Option) (*ExitPool, context.Context) {
	// One allocation for the pool and its origin.
	made := new(struct {
		ExitPool
		origin origin
	})
	p, o := &made.ExitPool, &made.origin
	*o = newOrigin(call, ctx, &noOptions, opts)
	o.body, o.cancel = context.WithCancelCause(ctx)
	p.origin.Store(o)
	return p, o.body
}

// WithPool calls body with a new pool and exits the pool with what body returns.
// Its context is that of NewPool; body is called also if ctx has ended. The
// result is as in WithStack, with what failed in the order of Start. If the end of
// ctx cut a member off, the result is that error.
//
// Panics and runtime.Goexit go on as in WithStack. It panics if ctx or body is nil.
func WithPool(ctx context.Context, body func(ctx context.Context, p *ExitPool) error, opts ...Option) (err error) {
	if body == nil {
		panic("exitpool: WithPool: nil body")
	}
	p, ctx := newPool("WithPool", ctx, opts)
	returned := false
	defer func() {
		v := recover()
		unwind(&err, v, !returned, p.exit)
	}()
	err = body(ctx, p)
	returned = true
	return err
}

// Pool returns a new pool that is held by the stack: at its place in the LIFO
// order it is exited. It inherits the options of the stack, unless it is given
// its own. Acquisitions and releases in it see the values of ctx.
//
// It has no body of its own: a member that cannot be acquired, or that dies,
// forces the exit of the stack. Once Exit has begun it returns a closed pool. It
// panics if ctx is nil.
func (s *ExitStack) Pool(ctx context.Context, opts ...Option) *ExitPool {
	o := newOrigin("Pool", ctx, s.from().opts, opts)
	p := new(ExitPool)
	p.origin.Store(&o)
	p.holder.Store(s)
	s.mu.Lock()
	taken := s.phase == open
	if taken {
		s.nests = true
		s.pushLocked(p, s.nextLocked(), true)
	}
	s.mu.Unlock()
	if !taken {
		p.Close()
		return p
	}
	if forced := s.forced(); forced != nil {
		p.haltFor(forced.reason()) // the stack reports that
	} else if err := s.ended(nil); err != nil {
		p.stop(&halt{err: err, kind: context.Canceled, cause: err, caller: true})
	}
	return p
}

// Defer registers release as a member that is held. It runs concurrently with the
// releases of the others. Its context has the values of that of the pool, and is
// cancelled by Grace only. During Exit it runs at once; after Exit in the calling
// goroutine, and its error goes to the observer. It panics if release is nil.
func (p *ExitPool) Defer(release func(context.Context) error) {
	if release == nil {
		panic("exitpool: Defer: nil function")
	}
	p.hold(deferFunc(release))
}

// DeferClose registers c.Close, as Defer does. It panics if c is nil; of a typed
// nil pointer the method is called.
func (p *ExitPool) DeferClose(c io.Closer) {
	if c == nil {
		panic("exitpool: DeferClose: nil Closer")
	}
	p.hold(closer{c})
}

// Push registers exit, as Defer does, and tells it why the pool ends: nil after
// success, else the error of the body or the cause of the forced exit, the same
// for all members. If every member with a Push function returns Suppress, that
// error is dropped. See ExitStack.Push. It panics if exit is nil.
func (p *ExitPool) Push(exit func(ctx context.Context, cause error) error) {
	if exit == nil {
		panic("exitpool: Push: nil function")
	}
	p.hold(pushFunc(exit))
}

// Cancel forces the exit of the scope whose body is running: of this pool, or of
// the stack that holds it. See ExitStack.Cancel.
func (p *ExitPool) Cancel(cause error) {
	if (p.leaving() || !p.force(cause)) && cause != nil {
		p.from().opts.observer.lateCancel(p.outer(), cause, p.observerBroke)
	}
}

// Wait waits until nothing is being acquired. The result is nil, or the error of
// the acquisitions so far: a single one as it is (==), several as an *ExitError;
// after a forced exit its cause, and context.Canceled after Cancel(nil). Panics
// are returned as *PanicError.
//
// If ctx ends first, Wait returns an error that Is ctx.Err() and
// context.Cause(ctx); but once the pool is cancelled, it waits for every
// acquisition. From inside an acquisition of the same pool it returns ErrCycle. It
// panics if ctx is nil.
func (p *ExitPool) Wait(ctx context.Context) error {
	if ctx == nil {
		panic("exitpool: Wait: nil Context")
	}
	if err := p.waitsForItself(ctx); err != nil {
		return err
	}
	return p.wait(ctx)
}

// Close is Exit(nil). It makes a pool an io.Closer.
func (p *ExitPool) Close() error { return p.Exit(nil) }

// Exit cancels the body's context and the acquisitions in flight, waits for those,
// and releases all members. cause is the error of the body. What ExitStack.Exit
// says of a second call, of goroutines, panics and runtime.Goexit holds here too;
// so does that it must not be called from a release or task of the pool.
func (p *ExitPool) Exit(cause error) error { return p.exit(cause, bodyReturned) }

// Unwind exits the pool with *errp and stores the result there; see
// ExitStack.Unwind. It must be deferred directly:
//
//	defer p.Unwind(&err)
func (p *ExitPool) Unwind(errp *error) {
	v := recover()
	unwind(errp, v, v == nil && exitingGoroutine(), p.exit)
}

// outer returns the member inside which the pool is.
func (p *ExitPool) outer() *member {
	if s := p.holder.Load(); s != nil {
		if m := s.outer(); m != nil {
			return m
		}
	}
	return insideOf(p.from().ctx)
}

// gone reports whether the stack that holds the pool can forget it.
func (p *ExitPool) gone() bool { return p.closed.Load() }
