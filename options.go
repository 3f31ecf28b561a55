package exitpool

import (
	"fmt"
	"time"
)

// Option is an option of a scope: of NewStack, WithStack, NewPool, WithPool, Use
// and ExitStack.Pool. Scopes inside inherit it, unless they are given their own.
type Option interface{ scope(*options) }

// EntryOption is an option of one resource: of Start and Enter.
type EntryOption interface{ entry(*particulars) }

// Grace bounds the exit of a scope: d after it has begun, the contexts of what is
// still being released are cancelled, with ErrGrace as the cause; that of a
// release, and the lifetime context of the resource. What ran over is named in
// an error that Is ErrGrace, whatever it returned. Every release still runs: one
// that only begins after the grace gets a context that has ended, and if it
// returns nil, it did not run over. Grace(0) cancels them at once.
//
// The unwinding of a failed acquisition, Entry.Release and the exit of a nested
// pool count from their own beginning. Without Grace nothing is cancelled. It
// panics if d is negative.
//
// It is the first of two knobs, as Cancel is beside WaitDelay in os/exec.
func Grace(d time.Duration) Option {
	notNegative("Grace", d)
	return option(func(o *options) { o.grace = d })
}

// Abandon bounds the waiting of Exit: d after the grace is over, or d after Exit
// has begun where there is no Grace, it waits no longer for a release, task or
// acquisition that ignores its context, and returns with an *AbandonedError
// that names it. Everything else is still released, also what the abandoned one
// used; a release that begins later has d of its own. What an abandoned one
// returns later goes to the observer, and what an abandoned acquisition acquires
// after all is released then.
//
// With Abandon each release runs on a goroutine of its own. Without it Exit
// waits for ever. It panics if d is negative.
func Abandon(d time.Duration) Option {
	notNegative("Abandon", d)
	return option(func(o *options) { o.abandon = d })
}

// Limit bounds what a pool does at once: the weights of the acquisitions in
// flight never exceed n, nor do those of the releases in flight. Waiting is
// first come, first served; a member that waits in Get for another gives its
// share back meanwhile. Given to a stack it holds for each pool in it,
// separately. It panics if n is below 1.
func Limit(n int64) Option {
	atLeastOne("Limit", n)
	return option(func(o *options) { o.limit = n })
}

// Observe has f called at the beginning and at the end of every acquisition,
// task and release. f runs on the goroutine concerned, concurrently with other
// calls of it. If it panics, the operation goes on, and the panic is treated as
// one of the scope. Given several times, each f is called, in that order. It panics
// if f is nil.
func Observe(f func(Event)) Option {
	if f == nil {
		panic("exitpool: Observe: nil function")
	}
	return option(func(o *options) {
		var before []func(Event) // what is inherited is replaced
		if o.observes {
			before = o.observer.tell
		}
		o.observes, o.observer = true, &observer{tell: append(before[:len(before):len(before)], f)}
	})
}

// Name names the resource in errors, events and Status. Without it the name is
// that of the function, with its index in the scope: "main.OpenDB#3".
func Name(name string) EntryOption {
	return entryOption(func(p *particulars) { p.name = name })
}

// Weight is what the acquisition, and the release, of this member count for
// under Limit; 1 without it. Start fails if it is above the limit. It panics if
// n is below 1.
func Weight(n int64) EntryOption {
	atLeastOne("Weight", n)
	return entryOption(func(p *particulars) { p.weight = n })
}

// AcquireTimeout bounds the acquisition of this resource: after d its context is
// cancelled, and the error Is context.DeadlineExceeded, also if it succeeds
// later; it is then released. The time runs from the first instruction of the
// acquisition and stands still while it waits in Get. It panics if d is negative.
func AcquireTimeout(d time.Duration) EntryOption {
	notNegative("AcquireTimeout", d)
	return entryOption(func(p *particulars) { p.acquireTimeout = d })
}

// ReleaseTimeout bounds the release of this resource, as Grace bounds that of a
// scope: the error of one that ran over Is ErrGrace and context.DeadlineExceeded.
// It panics if d is negative.
func ReleaseTimeout(d time.Duration) EntryOption {
	notNegative("ReleaseTimeout", d)
	return entryOption(func(p *particulars) { p.releaseTimeout = d })
}

// Optional makes the failure of this resource its own: if its acquisition or one
// of its tasks fails, Get returns the error, the scope goes on, and Exit does not
// report it. A failing release of it is reported, and so is a panic.
func Optional() EntryOption {
	return entryOption(func(p *particulars) { p.optional = true })
}

// options are those of a scope, with what it inherits. They do not change once
// the scope is made.
type options struct {
	grace    time.Duration // none: negative
	abandon  time.Duration // none: negative
	limit    int64         // none: 0
	observer *observer     // none: nil
	observes bool          // it is the scope's own
}

const none = time.Duration(-1)

var noOptions = options{grace: none, abandon: none} // never written

type option func(*options)

func (f option) scope(o *options) { f(o) }

// and returns o with opts; call is the exported function that was given them.
func (o *options) and(call string, opts []Option) *options {
	if len(opts) == 0 {
		return o
	}
	own := *o
	own.observes = false
	for _, opt := range opts {
		if opt == nil {
			panic("exitpool: " + call + ": nil Option")
		}
		opt.scope(&own)
	}
	return &own
}

func (o *options) bounded() bool { return o.grace >= 0 || o.abandon >= 0 }

type entryOption func(*particulars)

func (f entryOption) entry(p *particulars) { f(p) }

func notNegative(call string, d time.Duration) {
	if d < 0 {
		panic(fmt.Sprintf("exitpool: %s: negative duration %v", call, d))
	}
}

func atLeastOne(call string, n int64) {
	if n < 1 {
		panic(fmt.Sprintf("exitpool: %s: %d is below 1", call, n))
	}
}
