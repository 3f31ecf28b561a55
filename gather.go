package exitpool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
)

// Gather returns a Resource that acquires all rs concurrently, each as a member of
// a pool, and has their values in the order of rs. If one fails, the others are
// cancelled, and what was acquired is released; the error is that of
// ExitPool.Wait. It is asyncio.gather for context managers. Without arguments it
// acquires an empty slice. It panics if one of rs is nil.
func Gather[T any](rs ...Resource[T]) Resource[[]T] {
	noneNil("Gather", rs)
	return func(ctx context.Context, s *ExitStack) ([]T, error) {
		values := make([]T, len(rs))
		if len(rs) == 0 {
			return values, nil
		}
		p := s.Pool(ctx)
		entries := startAll(p, rs)
		if err := p.wait(ctx); err != nil {
			p.raise(ctx, err)
			return nil, err
		}
		for i, e := range entries {
			if e.m.state.Load() == gone { // Start was refused
				return nil, ErrClosed
			}
			values[i] = e.Value()
		}
		return values, nil
	}
}

// Race returns a Resource that acquires rs concurrently and has the value of the
// first that succeeds, at once. The others are cancelled, and released meanwhile,
// before Exit returns at the latest: what they fail with in acquiring is dropped,
// what they fail with in releasing is a failure of the scope. If all fail, the
// error holds the errors of all. It panics if rs is empty or one of them is nil.
func Race[T any](rs ...Resource[T]) Resource[T] {
	quorum := newQuorum("Race", 1, rs)
	return func(ctx context.Context, s *ExitStack) (T, error) {
		values, err := quorum(ctx, s)
		if err != nil {
			var zero T
			return zero, err
		}
		return values[0], nil
	}
}

// Quorum is like Race, but has the values of the first n that succeed, in the
// order of rs. It fails when fewer than n can succeed. It panics if n is below 1
// or there are fewer than n, or if one of rs is nil.
func Quorum[T any](n int, rs ...Resource[T]) Resource[[]T] {
	return newQuorum("Quorum", n, rs)
}

func newQuorum[T any](call string, n int, rs []Resource[T]) Resource[[]T] {
	if n < 1 || n > len(rs) {
		panic(fmt.Sprintf("exitpool: %s: %d of %d", call, n, len(rs)))
	}
	noneNil(call, rs)
	return func(ctx context.Context, s *ExitStack) ([]T, error) {
		p := s.Pool(ctx)
		p.race = &race{want: n, left: len(rs), done: make(chan struct{})}
		entries := startAll(p, rs)
		select {
		case <-p.race.done:
		case <-ctx.Done():
		}
		values := make([]T, 0, n)
		for _, e := range entries {
			if e.m.state.Load() == held {
				values = append(values, e.value)
			}
		}
		if len(values) == n {
			return values, nil
		}
		return nil, cmp.Or(p.lost(ctx, membersOf(entries)), interrupted(ctx), ErrClosed)
	}
}

func noneNil[T any](call string, rs []Resource[T]) {
	for _, r := range rs {
		if r == nil {
			panic("exitpool: " + call + ": nil Resource")
		}
	}
}

func startAll[T any](p *ExitPool, rs []Resource[T]) []*Entry[T] {
	entries := make([]*Entry[T], len(rs))
	for i, r := range rs {
		entries[i] = Start(p, r)
	}
	return entries
}

func membersOf[T any](entries []*Entry[T]) []*member {
	ms := make([]*member, len(entries))
	for i, e := range entries {
		ms[i] = &e.m
	}
	return ms
}

// raise passes on a panic or Goexit of a member to the caller of Gather. err is
// what Wait returned.
func (p *ExitPool) raise(ctx context.Context, err error) {
	p.mu.Lock()
	broke := p.sum.broke
	p.mu.Unlock()
	if err != nil && induced(err, ctx) {
		err = nil // no noise beside the panic
	}
	raise(broke, err)
}

// errLost is why the loser of a race is released.
var errLost = errors.New("exitpool: others were first")

// A race is a pool that wants only the first of its members. Its methods work on
// nil, where all are wanted. Guarded by the pool's mu.
type race struct {
	want, won int
	left      int           // those that may still win, or have
	done      chan struct{} // closed when it is decided: enough have won, or too few are left
	over      bool
}

func (r *race) decided() bool { return r != nil && r.over }

// wonLocked counts a member that has been acquired. When that decides the race it
// lists whom to cancel. Who has not been started yet is doomed when it is.
func (r *race) wonLocked(p *ExitPool) (losers []*member) {
	if r == nil {
		return nil
	}
	if r.won++; r.won < r.want || r.over {
		return nil
	}
	r.decideLocked()
	return p.doomLocked()
}

// lostLocked counts a member that failed.
func (r *race) lostLocked() {
	if r == nil {
		return
	}
	if r.left--; r.left < r.want {
		r.decideLocked()
	}
}

func (r *race) decideLocked() {
	if !r.over {
		r.over = true
		close(r.done)
	}
}

// doomLocked makes losers of those that are being acquired, and lists them.
func (p *ExitPool) doomLocked() (losers []*member) {
	losers = p.acquiringLocked()
	for _, m := range losers {
		m.doomed = true
	}
	return losers
}

// lost ends a race that nobody can win any more, or whose ctx has ended, and
// returns the error.
func (p *ExitPool) lost(ctx context.Context, ms []*member) error {
	var losers []*member
	if ctx.Err() == nil { // else wait has them cut off by that
		p.mu.Lock()
		losers = p.doomLocked()
		p.mu.Unlock()
	}
	for _, m := range losers {
		m.cut(context.Canceled, errLost)
	}
	err := p.wait(ctx)
	p.raise(ctx, err)
	a := account{cause: err}
	p.mu.Lock()
	var errs []error
	for _, m := range ms {
		if m.more != nil && m.more.err != nil && !m.more.cut {
			errs = append(errs, m.more.err)
		}
	}
	p.mu.Unlock()
	a.add(errs...)
	return a.err()
}
