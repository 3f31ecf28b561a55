package progress

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// live draws rows in place. The observer only puts them down; a goroutine of its own
// hands them to mpb, whose calls wait for the terminal.
type live struct {
	bars *mpb.Progress
	done chan struct{}

	mu     sync.Mutex
	fresh  []*row
	wake   chan struct{} // capacity 1: there is something fresh, or it is closing
	ending bool
}

func newLive(f *os.File) *live {
	l := &live{
		bars: mpb.New(mpb.WithOutput(f), mpb.WithRefreshRate(100*time.Millisecond)),
		done: make(chan struct{}),
		wake: make(chan struct{}, 1),
	}
	go l.draw()
	return l
}

func (l *live) changed(r *row, s state, first bool) {
	r.set(s)
	if first {
		l.mu.Lock()
		l.fresh = append(l.fresh, r)
		l.mu.Unlock()
		l.nudge()
	}
}

func (l *live) close() error {
	l.mu.Lock()
	l.ending = true
	l.mu.Unlock()
	l.nudge()
	<-l.done
	return l.bars.Error
}

func (l *live) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// draw makes a bar of each row, until close.
func (l *live) draw() {
	defer close(l.done)
	var drawn []*mpb.Bar
	for ending := false; !ending; {
		<-l.wake
		l.mu.Lock()
		fresh := l.fresh
		l.fresh, ending = nil, l.ending
		l.mu.Unlock()
		for _, r := range fresh {
			bar, err := l.bars.Add(1, mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
				_, err := io.WriteString(w, r.line(time.Now(), s.AvailableWidth))
				return err
			}), mpb.BarFillerTrim())
			if err == nil { // else mpb has given up on the terminal
				drawn = append(drawn, bar)
			}
		}
	}
	for _, bar := range drawn {
		bar.SetTotal(1, true)
	}
	l.bars.Wait()
}
