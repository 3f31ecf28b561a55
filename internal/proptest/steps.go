package proptest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/exitpool/exitpool"
)

// take takes one step of f and returns its error.
func (r *run) take(f *Fn, ctx context.Context, s Step) error {
	switch s.Op {
	case OpSleep:
		return r.sleep(f, ctx, s)
	case OpServe:
		<-ctx.Done()
		r.log.add(r.seen(Event{What: TaskTold, ID: f.ID, By: f.ID}, f, ctx))
	case OpRegister:
		r.register(f, s.Reg)
	case OpEnter:
		return r.enter(f, ctx, s.Res)
	case OpPool:
		p := r.stack(s.Holder.On).Pool(ctx, r.options(s.Holder.Opts, false)...)
		r.mu.Lock()
		r.pools[s.Holder.ID] = p
		r.mu.Unlock()
		r.log.add(Event{What: PoolMade, ID: s.Holder.ID, By: f.ID})
	case OpStart:
		e := exitpool.Start(r.pool(s.Res.In), r.resource(s.Res), s.Res.options()...)
		r.log.add(Event{What: Started, ID: s.Res.ID, By: f.ID})
		r.fill(s.Res, e)
		if l := s.Res.In.limit(); l > 0 && s.Res.Weight > l && s.Res.Fn != nil {
			r.giveUp(s.Res.Fn) // it is not begun
		}
	case OpGet:
		return r.get(f, ctx, s.Res)
	case OpWait:
		return r.watched(Event{What: WaitEnd, ID: s.Holder.ID, By: f.ID}, func() error { return r.pool(s.Holder).Wait(ctx) })
	case OpScope:
		return r.scope(f, s.Scope, ctx)
	case OpRelease:
		return r.release(f, s.Res)
	case OpCancel:
		r.cancelScope(f, s.Holder)
	case OpCaller:
		r.log.add(Event{What: CallerCancelled, By: f.ID})
		r.cancel(&Injected{f.ID, "caller"})
	case OpPopAll: // and puts it back, as one thing
		s := r.stack(s.Holder)
		s.DeferClose(s.PopAll())
	}
	return nil
}

func (r *run) sleep(f *Fn, ctx context.Context, s Step) error {
	busy := r.p.Features.Limit && f.Kind == Acquire
	if busy {
		r.log.add(Event{What: BusyBegin, ID: f.ID, By: f.ID, Ctx: ctx.Err()})
	}
	err := r.pause(ctx, s)
	if busy {
		r.log.add(Event{What: BusyEnd, ID: f.ID, By: f.ID})
	}
	return err
}

// pause takes the time of a step: virtual, or some turns of the scheduler.
func (r *run) pause(ctx context.Context, s Step) error {
	if r.real {
		if rand.IntN(3) == 0 {
			time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond)
		}
		for range rand.IntN(4) {
			runtime.Gosched()
		}
		if s.Stubborn {
			return nil
		}
		return ctx.Err()
	}
	if s.Stubborn {
		time.Sleep(s.D)
		return nil
	}
	timer := time.NewTimer(s.D)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// closeFunc is an io.Closer.
type closeFunc func() error

func (f closeFunc) Close() error { return f() }

// registrar is what stacks and pools have in common.
type registrar interface {
	Defer(func(context.Context) error)
	DeferClose(io.Closer)
	Push(func(context.Context, error) error)
	Cancel(error)
}

func (r *run) registrar(h *Holder) registrar {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.stacks[h.ID]; s != nil {
		return s
	}
	if p := r.pools[h.ID]; p != nil {
		return p
	}
	return nil
}

func (r *run) register(f *Fn, reg *Reg) {
	on := r.registrar(reg.On)
	r.log.add(Event{What: Registering, ID: reg.ID, By: f.ID})
	switch reg.Kind {
	case Defer:
		on.Defer(func(ctx context.Context) error { return r.exec(reg.Fn, ctx, nil) })
	case Push:
		on.Push(func(ctx context.Context, told error) error { return r.exec(reg.Fn, ctx, told) })
	case Close:
		on.DeferClose(closeFunc(func() error { return r.exec(reg.Fn, context.Background(), nil) }))
	case Go:
		r.stack(reg.On).Go(func(ctx context.Context) error { return r.exec(reg.Fn, ctx, nil) })
	}
	r.log.add(Event{What: Registered, ID: reg.ID, By: f.ID})
}

func (r *run) enter(f *Fn, ctx context.Context, res *Res) error {
	return r.watched(Event{What: EnterEnd, ID: res.ID, By: f.ID}, func() error {
		_, err := exitpool.Enter(ctx, r.stack(res.In), r.resource(res), res.options()...)
		return err
	})
}

// get waits until the entry has been started, then gets it.
func (r *run) get(f *Fn, ctx context.Context, res *Res) error {
	r.mu.Lock()
	filled := r.slots[res.ID].filled
	r.mu.Unlock()
	if r.mayWait(f, res) {
		select {
		case <-filled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	e := r.entry(res)
	if e == nil {
		return nil // it is not started at all
	}
	r.log.add(Event{What: GetBegin, ID: res.ID, By: f.ID})
	_, err := e.Get(ctx)
	r.log.add(Event{What: GetEnd, ID: res.ID, By: f.ID, Err: err})
	return owned(f, err)
}

// mayWait reports whether f may wait until res is started, which the library does not
// see: not with a share of a Limit, nor where a circle may lead through it.
func (r *run) mayWait(f *Fn, res *Res) bool {
	if r.p.Features.Limit {
		return false
	}
	around := !r.p.Features.Circles
	for m := f.member(); m != nil; m = m.outer() {
		around = around || m.In == res.In // its body starts it without waiting
	}
	return around
}

// owned marks an error of Get that is no failure of the dependency as f's own.
func owned(f *Fn, err error) error {
	own := f.Kind == Acquire
	leaves(err, func(*Injected, bool) { own = false })
	switch {
	case own && errors.Is(err, exitpool.ErrCycle):
		return fmt.Errorf("%w: %w", err, &Injected{f.ID, "circle"})
	}
	return err
}

func (r *run) release(f *Fn, res *Res) error {
	e := r.entry(res)
	if e == nil {
		return nil
	}
	r.log.add(Event{What: ReleaseBegin, ID: res.ID, By: f.ID})
	err := r.watched(Event{What: ReleaseEnd, ID: res.ID, By: f.ID}, e.Release)
	if err == exitpool.ErrInUse {
		return nil
	}
	if res.Fn != nil {
		r.giveUp(res.Fn) // perhaps it was not begun
	}
	return err
}

func (r *run) cancelScope(f *Fn, h *Holder) {
	if on := r.registrar(h); on != nil {
		cause := &Injected{f.ID, "cancel"}
		r.log.add(Event{What: CancelBegin, ID: h.ID, By: f.ID, Err: cause})
		on.Cancel(cause)
		r.log.add(Event{What: CancelEnd, ID: h.ID, By: f.ID, Err: cause})
	}
}
