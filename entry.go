package exitpool

import (
	"context"
	"fmt"
	"reflect"
)

// Start adds a member to the pool and begins to acquire it, concurrently with the
// others; it returns at once. The Resource's context is the lifetime of the
// resource: while acquiring it is cancelled with the pool; once acquired it lives
// until the resource has been released, or Grace is over.
//
// If the acquisition fails, the pool is cancelled: Wait returns the error, as an
// *OpError with the member's name, and so does Exit. A panic is raised by Exit,
// and a Goexit ends the goroutine of Exit.
//
// Once the pool is cancelled nothing is acquired any more, and the entry's Get
// returns why; after Exit has begun, ErrClosed. It panics if p or r is nil.
func Start[T any](p *ExitPool, r Resource[T], opts ...EntryOption) *Entry[T] {
	if p == nil {
		panic("exitpool: Start: nil ExitPool")
	}
	if r == nil {
		panic("exitpool: Start: nil Resource")
	}
	e := &Entry[T]{r: r}
	p.start(&e.m, e, opts)
	return e
}

// Entry is a member of a pool, as Start returned it. Its methods may be called
// from any goroutine.
type Entry[T any] struct {
	m     member
	r     Resource[T]
	value T // set by acquire, before the member is held
}

// Get waits until the member is acquired and returns its value.
//
// With the context of an acquisition in the same pool, or one derived from it, it
// also records that the caller's member uses this one, which is then released
// only after the caller's. Nesting counts: the edge lies between the members of the
// nearest pool that both are inside. If there is none, the order of release is that
// of the scopes around them. If that would close a circle, Get returns ErrCycle and
// the names along it. With another context it only waits.
//
// The error is that of the acquisition, or of the death of an Optional member;
// ErrReleased after Release; ErrClosed once Exit has begun to release it; or, if
// ctx ends first, one that Is ctx.Err() and context.Cause(ctx). A panic is
// returned as a *PanicError. It panics if ctx is nil.
func (e *Entry[T]) Get(ctx context.Context) (T, error) {
	if ctx == nil {
		panic("exitpool: Get: nil Context")
	}
	if err := e.m.get(ctx); err != nil {
		var zero T
		return zero, err
	}
	return e.value, nil
}

// Value returns the value of a member that is held: it is for the body, after
// Wait. It panics if the member is not acquired yet, failed, or was released.
func (e *Entry[T]) Value() T {
	if state := e.m.state.Load(); state != held && state != releasing {
		panic(fmt.Sprintf("exitpool: Value: %s is not held: %s", e.m.name(), stateName(e.m.state.Load())))
	}
	return e.value
}

// Release releases the member now and returns what failed in it; Exit does not
// repeat that. Push functions are told nil. Afterwards the pool holds no memory
// for the member, and Get returns ErrReleased.
//
// If others use the member, Release returns ErrInUse and does nothing. If it is
// still being acquired, that is cancelled and waited for, and the pool goes on.
// A second call, and one that races with Exit, waits and returns what the first
// did; the release runs once. A panic in it goes on in the caller of Release.
//
// Release must not be called from the acquisition, a task or the release of the
// member itself, where it would wait for itself.
func (e *Entry[T]) Release() error { return e.m.releaseNow() }

// Name returns the name of the member: that of the Name option, or the function's
// and its index in the pool: "main.OpenDB#3".
func (e *Entry[T]) Name() string { return e.m.name() }

// acquire implements acquirer.
func (e *Entry[T]) acquire(ctx context.Context, s *ExitStack) error {
	v, err := e.r(ctx, s)
	if err == nil {
		e.value = v
	}
	return err
}

// label implements acquirer.
func (e *Entry[T]) label(index uint32) string {
	return indexed(pcName(reflect.ValueOf(e.r).Pointer()), index)
}

// releaseNow is Release.
func (m *member) releaseNow() error {
	p := m.pool
	p.mu.Lock()
	free := m.node.Free() && (m.more == nil || len(m.more.guests) == 0)
	switch state := m.state.Load(); {
	case state <= undoing && free:
		return m.cancelNowUnlock()
	case state == held && free:
		m.state.Store(releasing)
		m.early = true
		p.mu.Unlock()
		return m.releaseEarly()
	case state <= held:
		p.mu.Unlock()
		return ErrInUse
	case state == releasing:
		more := m.moreLocked()
		if more.left == nil {
			more.left = make(chan struct{})
		}
		left := more.left
		p.mu.Unlock()
		<-left
		p.mu.Lock()
	}
	defer p.mu.Unlock()
	if m.more == nil {
		return nil
	}
	return m.more.released
}

// cancelNowUnlock is Release of a member that is being acquired.
func (m *member) cancelNowUnlock() error {
	p := m.pool
	state := m.state.Load()
	if state <= acquiring {
		m.doomed = true
	}
	if state == queued {
		m.state.Store(undoing) // nobody else begins it
	}
	doomed := m.doomed
	if m.ready == nil {
		m.ready = make(chan struct{})
	}
	ready := m.ready
	p.mu.Unlock()
	switch {
	case state == queued:
		m.settleUnbegun(&fault{cut: true})
	case doomed:
		m.cut(context.Canceled, ErrReleased)
	}
	<-ready
	if !doomed {
		return nil // it had failed before: the pool reports that
	}
	p.mu.Lock()
	more := m.moreLocked()
	first := !m.early
	if first {
		m.early, more.released = true, withoutCause(more.err, ErrReleased)
	}
	broke, err := more.broke, more.released
	p.mu.Unlock()
	if first {
		raise(broke, err)
	}
	return err
}

// withoutCause returns what is in err besides cause.
func withoutCause(err, cause error) error {
	if e, ok := err.(*ExitError); ok && e.Cause == cause {
		return joined(nil, e.Failures)
	}
	if err == cause {
		return nil
	}
	return err
}

// releaseEarly releases a member that is held. It is on the goroutine of its
// caller, who is to be hit by a panic.
func (m *member) releaseEarly() (err error) {
	p := m.pool
	p.limit.admitRelease(m)
	to := untouched
	defer func() {
		if to != finished {
			err = m.releaseEarlyRest(to)
		}
	}()
	if o := p.from(); !o.opts.bounded() {
		l := o.freely()
		m.glide(&l, &to)
	}
	if to == finished {
		p.limit.giveBackRelease(m)
		p.mu.Lock()
		p.goneUnlock(m)
	}
	return nil
}

// releaseEarlyRest is releaseEarly where gliding did not do it.
func (m *member) releaseEarlyRest(to progress) (err error) {
	p := m.pool
	l := p.from().leave()
	x := new(unwinding)
	defer func() {
		l.end(x.abandoned)
		err = x.failure()
		p.limit.giveBackRelease(m)
		p.mu.Lock()
		if err != nil {
			m.moreLocked().released = err
		}
		p.goneUnlock(m)
		raise(x.broke, err)
	}()
	m.depart(nil, &l, x, to)
	return nil
}

// leftLocked wakes those who wait for the release of m.
func (m *member) leftLocked() {
	if m.more != nil && m.more.left != nil {
		close(m.more.left)
	}
}
