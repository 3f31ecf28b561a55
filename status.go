package exitpool

import (
	"cmp"
	"slices"
	"time"
)

// State is what a member is doing.
type State string

const (
	stateQueued    State = "queued"    // not begun: waits for its share of the Limit
	stateAcquiring State = "acquiring" // its Resource runs
	stateWaiting   State = "waiting"   // its Resource waits in Get for another member
	stateHeld      State = "held"
	stateReleasing State = "releasing"
	stateAbandoned State = "abandoned" // Exit no longer waits for its acquisition
	stateReleased  State = "released"  // never in Status: the pool forgets it
)

// Status describes one member of a pool.
type Status struct {
	Name  string
	State State
	Since time.Time
	// WaitsFor names the members for which it waits in Get or, while the pool
	// exits, those that use it and are released before it.
	WaitsFor []string
}

// Status describes the members of the pool, in the order of Start: what is being
// acquired, held and released. It tells which one hangs, and since when.
func (p *ExitPool) Status() []Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	rows := make([]row, 0, p.members.n)
	at := map[*member]int{}
	for m := range p.members.all {
		if p.isFunctions(m) {
			rows = p.functions.rowsLocked(rows)
			continue
		}
		st := Status{Name: m.name(), State: stateName(m.state.Load()), Since: p.epoch.Add(m.since)}
		if m.more != nil && len(m.more.waits) > 0 {
			if st.State == stateAcquiring {
				st.State = stateWaiting
			}
			for _, other := range m.more.waits {
				st.WaitsFor = append(st.WaitsFor, other.name())
			}
		}
		at[m] = len(rows)
		rows = append(rows, row{m.node.Order, st})
	}
	if p.phase != open {
		for m := range p.members.all {
			for _, used := range m.node.Uses() {
				if i, ok := at[used]; ok && rows[i].State == stateHeld {
					rows[i].WaitsFor = append(rows[i].WaitsFor, m.name())
				}
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.order, b.order) })
	all := make([]Status, len(rows))
	for i, r := range rows {
		all[i] = r.Status
	}
	return all
}

// A row is the status of the member with that index.
type row struct {
	order uint32
	Status
}

// rowsLocked adds the functions that have not been released.
func (fs *functions) rowsLocked(rows []row) []row {
	state := fs.state.Load()
	for i := range fs.list {
		f := &fs.list[i]
		since := f.since
		if state == releasing {
			since = fs.since
		}
		if name, here := f.look(); here {
			rows = append(rows, row{f.index, Status{Name: name, State: stateName(state), Since: fs.pool.epoch.Add(since)}})
		}
	}
	return rows
}

func stateName(state uint32) State {
	switch state {
	case queued:
		return stateQueued
	case acquiring:
		return stateAcquiring
	case held:
		return stateHeld
	case undoing, releasing:
		return stateReleasing
	case adrift:
		return stateAbandoned
	}
	return stateReleased
}
