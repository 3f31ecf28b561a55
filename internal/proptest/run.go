package proptest

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/exitpool/exitpool"
)

// A run is one run of a program on exitpool.
type run struct {
	p      *Program
	log    *Log
	real   bool // latencies are turns of the scheduler, not virtual time
	cancel context.CancelCauseFunc
	obs    *observations

	mu     sync.Mutex
	stacks map[int]*exitpool.ExitStack // by Holder
	pools  map[int]*exitpool.ExitPool
	slots  []*slot           // by Res
	lives  []context.Context // by Res
}

// A slot is where an Entry is put when it has been started.
type slot struct {
	filled chan struct{}
	done   bool // filled is closed
	entry  *exitpool.Entry[any]
}

// Run runs p and returns when the root has ended and what goes on beside it too. In
// a synctest bubble latencies are exact. What Exit has abandoned may go on for longer.
func Run(p *Program, real bool) (*Log, *observations) { return RunWith(p, real, func(*Log) {}) }

// RunWith is Run; begun gets the log at the beginning, for the case that it hangs.
func RunWith(p *Program, real bool, begun func(*Log)) (*Log, *observations) {
	r := &run{p: p, real: real, stacks: map[int]*exitpool.ExitStack{}, pools: map[int]*exitpool.ExitPool{}, obs: new(observations)}
	r.log = &Log{start: time.Now()}
	begun(r.log)
	r.lives = make([]context.Context, len(p.Ress))
	for range p.Ress {
		r.slots = append(r.slots, &slot{filled: make(chan struct{})})
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	r.cancel = cancel
	var beside sync.WaitGroup
	for _, t := range p.Timeline {
		beside.Go(func() { r.beside(ctx, t) })
	}
	root := make(chan struct{})
	go func() {
		defer close(root)
		how, v, err := guard(func() error { return r.scope(nil, p.Root, ctx) })
		r.log.add(Event{What: RootEnd, By: -1, How: how, Value: v, Err: asError(v, err)})
	}()
	<-root
	beside.Wait()
	if p.Features.Abandon && !real {
		time.Sleep(time.Hour) // no time passes in a bubble that has been left
	}
	r.remember()
	return r.log, r.obs
}

// remember notes which lifetime contexts live although everything has ended.
func (r *run) remember() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, ctx := range r.lives {
		if ctx != nil && ctx.Err() == nil {
			r.obs.immortal = append(r.obs.immortal, i)
		}
	}
}

// guard calls f and tells how it ended.
func guard(f func() error) (how How, v any, err error) {
	done := make(chan struct{})
	go func() { // a Goexit ends a goroutine of its own
		defer close(done)
		how = Goexited
		defer func() {
			if v = recover(); v != nil {
				how = Panicked
			}
		}()
		err = f()
		how = Returned
	}()
	<-done
	return how, v, err
}

func asError(v any, err error) error {
	if e, ok := v.(error); ok {
		return e
	}
	return err
}

// watched calls f and logs how it ended; a panic or Goexit goes on.
func (r *run) watched(e Event, f func() error) (err error) {
	e.How = Goexited
	defer func() {
		if e.How == Goexited {
			if e.Value = recover(); e.Value != nil {
				e.How, e.Err = Panicked, asError(e.Value, nil)
				r.log.add(e)
				panic(e.Value)
			}
		}
		r.log.add(e)
	}()
	err = f()
	e.How, e.Err = Returned, err
	return err
}

// beside takes a step of the timeline.
func (r *run) beside(ctx context.Context, t Timed) {
	r.pause(context.Background(), Step{D: t.At, Stubborn: true})
	guard(func() error { return r.take(&Fn{ID: -1}, ctx, t.Step) })
}

// exec runs a function of the program.
func (r *run) exec(f *Fn, ctx context.Context, told error) (err error) {
	r.log.add(r.seen(Event{What: FnBegin, ID: f.ID, By: -1, Err: told}, f, ctx))
	end := Event{What: FnEnd, ID: f.ID, By: -1, How: Goexited}
	defer func() {
		if end.How == Goexited {
			if end.Value = recover(); end.Value != nil {
				end.How, end.Err = Panicked, asError(end.Value, nil)
			}
		}
		r.giveUp(f)
		r.log.add(r.seen(end, f, ctx))
		if end.How == Panicked {
			panic(end.Value)
		}
	}()
	for _, s := range f.Steps {
		if err = r.take(f, ctx, s); err != nil && !s.Swallow {
			end.How, end.Err = Returned, &Passed{s.Op, err}
			return end.Err
		}
	}
	err = finish(f, told)
	end.How, end.Err = Returned, err
	return err
}

// finish ends f as the program wants.
func finish(f *Fn, told error) error {
	switch f.End {
	case Fails:
		return &Injected{f.ID, "error"}
	case Panics:
		panic(&Injected{f.ID, "panic"})
	case Exits:
		runtime.Goexit()
	case Foreign:
		return context.Canceled
	case ReturnTold:
		return told
	case Suppresses:
		return exitpool.Suppress
	}
	return nil
}

// seen adds what the contexts of f look like.
func (r *run) seen(e Event, f *Fn, ctx context.Context) Event {
	e.Ctx, e.Cause = ctx.Err(), context.Cause(ctx)
	if f.Kind != Release && f.Kind != Task {
		return e
	}
	if m := f.Reg.On.member(); m != nil {
		r.mu.Lock()
		life := r.lives[m.ID]
		r.mu.Unlock()
		if life != nil {
			e.Life, e.Lifed = life.Err(), true
		}
	}
	return e
}

// giveUp wakes those who wait for what f has not started, and will not.
func (r *run) giveUp(f *Fn) {
	for _, res := range r.p.Ress {
		if res.Start && r.upTo(res.By, f) {
			r.fill(res, nil)
		}
	}
}

// upTo reports whether f made g, with nothing between them that goes on by itself.
func (r *run) upTo(g, f *Fn) bool {
	for ; g != nil && g != f; g = g.By {
		switch g.Kind {
		case Body:
			continue
		case Release, Task: // it comes later
			return false
		}
		res := g.Res
		for res.In.Res != nil && res.In.Pool { // a kid is in what its Gather is in
			res = res.In.Res
		}
		if res.Start && r.entry(res) != nil {
			return false
		}
	}
	return g == f
}

func (r *run) fill(res *Res, e *exitpool.Entry[any]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.slots[res.ID]
	if e != nil {
		s.entry = e
	}
	if !s.done {
		s.done = true
		close(s.filled)
	}
}

func (r *run) entry(res *Res) *exitpool.Entry[any] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.slots[res.ID].entry
}

func (r *run) stack(h *Holder) *exitpool.ExitStack {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stacks[h.ID]
}

func (r *run) pool(h *Holder) *exitpool.ExitPool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pools[h.ID]
}
