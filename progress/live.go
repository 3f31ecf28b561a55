package progress

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// live draws rows in place. The observer only puts them down; a goroutine of its own
// makes the lines on the terminal, because calls of mpb wait for that.
type live struct {
	bars *mpb.Progress // one for each line
	most int           // lines that fit
	done chan struct{}

	mu     sync.Mutex
	rows   []*row
	lines  int       // that there are
	shown  []*row    // on the lines, from the first on
	left   int       // that have no line
	picked time.Time // when that was
	ending bool

	wake chan struct{} // capacity 1: there is a new row, or it is closing
}

const refresh = 100 * time.Millisecond

func newLive(f *os.File) *live {
	_, height, err := term.GetSize(int(f.Fd()))
	if err != nil || height < 2 {
		height = 24
	}
	l := &live{
		bars: mpb.New(mpb.WithOutput(f), mpb.WithRefreshRate(refresh)),
		most: height - 1, // the cursor needs one
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
		l.rows = append(l.rows, r)
		l.picked = time.Time{}
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

// write writes above the lines.
func (l *live) write(p []byte) (int, error) { return l.bars.Write(p) }

// draw makes lines as there are rows for them, until close. What has none in the end is
// written above.
func (l *live) draw() {
	defer close(l.done)
	var drawn []*mpb.Bar
	for ending := false; !ending; {
		<-l.wake
		l.mu.Lock()
		want := min(len(l.rows), l.most)
		l.lines, ending = want, l.ending
		l.mu.Unlock()
		for line := len(drawn); line < want; line++ {
			bar, err := l.bars.Add(1, mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
				_, err := io.WriteString(w, l.line(line, s.AvailableWidth))
				return err
			}), mpb.BarFillerTrim())
			if err != nil {
				break // mpb has given up on the terminal
			}
			drawn = append(drawn, bar)
		}
	}
	if rest := l.rest(); rest != "" {
		io.WriteString(l.bars, rest) // its error is that of the lines
	}
	for _, bar := range drawn {
		bar.SetTotal(1, true)
	}
	l.bars.Wait()
}

// line is what stands on a line of the terminal. What was typed there has moved the
// cursor to the right.
func (l *live) line(i, width int) string {
	l.mu.Lock()
	l.pickLocked(time.Now())
	shown, left, ending := l.shown, l.left, l.ending
	l.mu.Unlock()
	switch {
	case i < len(shown):
		return "\r" + shown[i].line(time.Now(), width)
	case left > 0 && ending:
		return "\r" + more(left) + " above"
	case left > 0:
		return "\r" + more(left)
	}
	return "\r"
}

// pickLocked decides which rows are shown: once for each drawing, and not any more in the
// end.
func (l *live) pickLocked(now time.Time) {
	if now.Sub(l.picked) < refresh/2 {
		return
	}
	l.picked = now
	if l.ending && l.shown != nil {
		return
	}
	l.shown, l.left = pick(l.rows, l.lines)
}

// rest are the rows that have no line in the end.
func (l *live) rest() (text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shown, l.left = pick(l.rows, l.lines)
	here := map[*row]bool{}
	for _, r := range l.shown {
		here[r] = true
	}
	for _, r := range l.rows {
		if !here[r] {
			text += r.line(time.Now(), 0) + "\n"
		}
	}
	return text
}
