package timeline

import (
	"sync"

	"github.com/exitpool/exitpool"
)

// A Recorder keeps the events of one scope, with the scopes inside it. Its zero value
// is ready to use; it must not be copied.
//
// All methods may be called concurrently, also while events come: then what is in
// progress is shown as open. A Recorder forgets nothing, so it is not for what a
// server acquires and releases all its life.
type Recorder struct {
	mu     sync.Mutex       // nothing else is done while it is held
	events []exitpool.Event // only appended to: a copy of the slice can be read without mu
}

// Observe records an event. It is to be given to exitpool.Observe, and does not block.
func (r *Recorder) Observe(ev exitpool.Event) {
	r.mu.Lock()
	r.events = append(r.events, ev)
	r.mu.Unlock()
}

func (r *Recorder) soFar() []exitpool.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events
}
