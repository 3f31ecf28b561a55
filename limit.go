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
	ctx                 context.Context // ends when the pool acquires no more
	end                 context.CancelFunc
}

func newLimit(n int64) *limit {
	l := &limit{n: n, acquiring: semaphore.NewWeighted(n), releases: semaphore.NewWeighted(n)}
	l.ctx, l.end = context.WithCancel(context.Background())
	return l
}

// tooHeavy returns the error of a member that would wait for ever.
func (l *limit) tooHeavy(m *member) error {
	if l == nil || m.opts.weight <= l.n {
		return nil
	}
	return fmt.Errorf("exitpool: Start: weight %d is above the limit of %d", m.opts.weight, l.n)
}

// cancel ends the waiting for shares of acquisitions.
func (l *limit) cancel() {
	if l != nil {
		l.end()
	}
}

// admit waits for the share of an acquisition. Without one, because the pool has
// been cancelled, the member will not begin.
func (l *limit) admit(m *member) {
	l.take(m, l.ctx)
}

func (l *limit) take(m *member, ctx context.Context) bool {
	if l.acquiring.Acquire(ctx, m.opts.weight) != nil {
		return false
	}
	m.pool.mu.Lock()
	m.share = true
	m.pool.mu.Unlock()
	return true
}

// giveBack gives the share of an acquisition back, if m has one.
func (l *limit) giveBack(m *member) {
	if l == nil {
		return
	}
	m.pool.mu.Lock()
	had := m.share
	m.share = false
	m.pool.mu.Unlock()
	if had {
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
