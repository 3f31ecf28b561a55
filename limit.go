package exitpool

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"
)

// limit keeps the shares of Limit: one semaphore for acquisitions, one for
// releases. All methods work on nil, where there is no limit.
type limit struct {
	n                   int64
	acquiring, releases *semaphore.Weighted
}

func newLimit(n int64) *limit {
	return &limit{n: n, acquiring: semaphore.NewWeighted(n), releases: semaphore.NewWeighted(n)}
}

// tooHeavy returns the error of a member that would wait for ever.
func (l *limit) tooHeavy(m *member) error {
	if l == nil || m.opts.weight <= l.n {
		return nil
	}
	return fmt.Errorf("exitpool: Start: weight %d is above the limit of %d", m.opts.weight, l.n)
}

// admit waits for the share of an acquisition, as long as the context of m lives.
// Without a share, because the pool has been cancelled, m will not begin.
func (l *limit) admit(m *member) {
	if l.acquiring.Acquire(m, m.opts.weight) != nil {
		return
	}
	m.pool.mu.Lock()
	m.share = true
	m.pool.mu.Unlock()
}

// readmit waits for the share of an acquisition that goes on after it has waited
// for another. Several goroutines of one member may do that: one of them takes
// the share, and gives it back if meanwhile another waits again.
func (l *limit) readmit(m *member) {
	p := m.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	for l != nil && len(m.more.waits) == 0 && m.state.Load() == acquiring && !m.share {
		if taking := m.more.taking; taking != nil {
			p.mu.Unlock()
			<-taking
			p.mu.Lock()
			continue
		}
		taking := make(chan struct{})
		ctx, stop := context.WithCancel(m)
		m.more.taking, m.more.stopTaking = taking, stop
		p.mu.Unlock()
		failed := l.acquiring.Acquire(ctx, m.opts.weight) != nil
		stop()
		p.mu.Lock()
		m.more.taking, m.more.stopTaking = nil, nil
		close(taking)
		if failed {
			return // the member needs it no more
		}
		if m.share = len(m.more.waits) == 0 && m.state.Load() == acquiring; !m.share {
			l.acquiring.Release(m.opts.weight)
		}
	}
}

// settled gives the share back for good: who waits to take it again need not.
func (l *limit) settled(m *member) {
	if l == nil {
		return
	}
	l.giveBack(m)
	m.pool.mu.Lock()
	stop := func() {}
	if m.more != nil && m.more.stopTaking != nil {
		stop = m.more.stopTaking
	}
	m.pool.mu.Unlock()
	stop()
}

// giveBack gives the share of an acquisition back, if m has one.
func (l *limit) giveBack(m *member) {
	if l == nil {
		return
	}
	m.pool.mu.Lock()
	l.giveBackLocked(m)
	m.pool.mu.Unlock()
}

func (l *limit) giveBackLocked(m *member) {
	if l != nil && m.share {
		m.share = false
		l.acquiring.Release(m.opts.weight)
	}
}

// admitRelease waits for the share of a release: a release always runs.
func (l *limit) admitRelease(m *member) {
	if l != nil {
		l.releases.Acquire(context.Background(), m.opts.weight)
	}
}

func (l *limit) giveBackRelease(m *member) {
	if l != nil {
		l.releases.Release(m.opts.weight)
	}
}
