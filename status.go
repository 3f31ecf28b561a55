package exitpool

import "time"

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
	all := make([]Status, 0, p.members.n)
	at := map[*member]int{}
	for m := range p.members.all {
		st := Status{Name: m.name(), State: stateName(m), Since: p.epoch.Add(m.since)}
		if m.more != nil && len(m.more.waits) > 0 {
			if st.State == stateAcquiring {
				st.State = stateWaiting
			}
			for _, other := range m.more.waits {
				st.WaitsFor = append(st.WaitsFor, other.name())
			}
		}
		at[m] = len(all)
		all = append(all, st)
	}
	if p.phase == open {
		return all
	}
	for m := range p.members.all {
		for _, used := range m.node.Uses() {
			if i, ok := at[used]; ok && all[i].State == stateHeld {
				all[i].WaitsFor = append(all[i].WaitsFor, m.name())
			}
		}
	}
	return all
}

func stateName(m *member) State {
	switch m.state.Load() {
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
