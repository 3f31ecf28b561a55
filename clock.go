package exitpool

import (
	"context"
	"sync"
	"time"
)

// A clock measures an AcquireTimeout. It stands still while the acquisition waits
// for another one, so that the one that is slow is named. A nil clock does nothing.
type clock struct {
	mu      sync.Mutex
	left    time.Duration // when it stands still
	began   time.Time     // when it runs
	timer   *time.Timer   // nil: it stands still
	pauses  int           // Gets that wait
	expired bool
	stopped bool
	fired   chan struct{} // closed by the timer's function: its goroutine is waited for
}

// start starts the clock. When it has run out, the context of m is cancelled.
func (c *clock) start(m *member) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runLocked(m)
}

func (c *clock) runLocked(m *member) {
	fired := make(chan struct{})
	c.began, c.fired = time.Now(), fired
	c.timer = time.AfterFunc(c.left, func() {
		defer close(fired)
		c.mu.Lock()
		c.expired = !c.stopped && c.fired == fired
		expired := c.expired
		c.mu.Unlock()
		if expired {
			m.cut(context.DeadlineExceeded, context.DeadlineExceeded)
		}
	})
}

// haltLocked stops the timer and returns what is to be waited for; nil: nothing.
func (c *clock) haltLocked() chan struct{} {
	if c.timer == nil {
		return nil
	}
	timer, fired := c.timer, c.fired
	c.timer, c.fired = nil, nil
	c.left -= time.Since(c.began)
	if timer.Stop() {
		return nil
	}
	return fired
}

// stop ends the clock and reports whether it had run out.
func (c *clock) stop() (expired bool) {
	if c == nil {
		return false
	}
	c.mu.Lock()
	c.stopped = !c.expired
	expired = c.expired
	fired := c.haltLocked()
	c.mu.Unlock()
	if fired != nil {
		<-fired
	}
	return expired
}

// pause lets the clock stand still, and resume lets it run again.
func (c *clock) pause() {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.pauses++
	var fired chan struct{}
	if !c.expired { // else stop waits for it
		fired = c.haltLocked()
	}
	c.mu.Unlock()
	if fired != nil {
		<-fired
	}
}

func (c *clock) resume(m *member) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pauses--; c.pauses == 0 && !c.stopped && !c.expired {
		c.runLocked(m)
	}
}
