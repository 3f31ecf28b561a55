package proptest

import (
	"sync"

	"github.com/exitpool/exitpool"
)

// observations are what is seen from outside the log.
type observations struct {
	mu       sync.Mutex
	events   []exitpool.Event
	immortal []int // resources whose lifetime context lives after the end
}

func (o *observations) observe(e exitpool.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, e)
}
