package exitpool

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/exitpool/exitpool/internal/standby"
)

// functions are what is registered on a pool that no one observes: they are one member
// together. (A member for each took three times as long.)
type functions struct {
	member
	list []registered
	each standby.Each
}

// registered is one of them.
type registered struct {
	entry
	since time.Duration // as of a member
	state atomic.Uint32 // one of these:
}

const (
	present uint32 = iota
	looked         // Status reads its name
	absent         // released, and forgotten
)

// isFunctions reports whether m stands for the functions.
func (p *ExitPool) isFunctions(m *member) bool { return p.functions != nil && m == &p.functions.member }

// holdLocked adds thing to the functions.
func (p *ExitPool) holdLocked(thing any) {
	fs := p.functions
	if fs == nil {
		fs = new(functions)
		fs.pool = p
		fs.state.Store(held)
		p.functions = fs
		p.members.add(&fs.member)
	}
	fs.list = append(fs.list, registered{entry: entry{thing, p.nextLocked()}, since: p.now()})
}

// spreadLocked makes a member of each function where there is more to their release than
// to call them.
func (p *ExitPool) spreadLocked() {
	fs := p.functions
	if fs == nil || !p.leave.bounded() && p.limit == nil && !p.from().watched() {
		return
	}
	p.functions = nil
	p.members.remove(&fs.member)
	for i := range fs.list {
		f := &fs.list[i]
		m := p.newFunction(f.thing)
		m.node.Order, m.index, m.since = f.index, f.index, f.since
		m.state.Store(held)
		p.members.add(&m.member)
	}
}

// releaseAll releases the functions.
func (fs *functions) releaseAll() {
	fs.each.N, fs.each.Do, fs.each.End = len(fs.list), fs.release, fs.end
	fs.each.Run()
}

func (fs *functions) release(i int) {
	f := &fs.list[i]
	var err error
	returned := false
	defer func() {
		var broke error
		if !returned {
			broke = broken(endedBy(recover()), OpRelease, f.name)
			err = broke
		}
		if err != nil {
			fs.failed(f, err, broke)
		}
		f.forget()
	}()
	switch thing := f.thing.(type) {
	case deferFunc:
		err = thing(fs.pool.leave.ctx)
	case closer:
		err = thing.Close()
	}
	returned = true
	if err != nil {
		err = opError(OpRelease, f.name, false, err)
	}
}

// failed notes with what f failed, unless that is in what the pool was told.
func (fs *functions) failed(f *registered, err, broke error) {
	p := fs.pool
	a := account{cause: p.told}
	a.add(err)
	p.mu.Lock()
	p.sum.broke = worse(p.sum.broke, broke)
	for _, err := range a.others {
		p.failures = append(p.failures, faultOf{f.index, err})
	}
	p.mu.Unlock()
}

// forget lets go of what f holds. (Not under the lock of the pool: all would have to take
// it.)
func (f *registered) forget() {
	for !f.state.CompareAndSwap(present, absent) {
		runtime.Gosched() // Status is quick
	}
	f.thing = nil
}

// look returns the name of f, unless it is absent. One call of Status at a time does that.
func (f *registered) look() (name string, here bool) {
	if !f.state.CompareAndSwap(present, looked) {
		return "", false
	}
	defer f.state.Store(present)
	return f.name(), true
}

func (fs *functions) end() {
	fs.pool.mu.Lock()
	fs.pool.goneUnlock(&fs.member)
}
