package progress_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"
	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/progress"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom\nconnection  refused")

func takes(d time.Duration) exitpool.Resource[int] {
	return func(_ context.Context, s *exitpool.ExitStack) (int, error) {
		time.Sleep(d)
		s.Defer(func(context.Context) error { time.Sleep(d); return nil })
		return 0, nil
	}
}

// scope starts db and, on it, api, which has a listener in it.
func scope(ctx context.Context, step time.Duration, view *progress.View) error {
	return exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
		db := exitpool.Start(p, takes(step), exitpool.Name("db"))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			if _, err := db.Get(ctx); err != nil {
				return 0, err
			}
			return exitpool.Enter(ctx, s, takes(step), exitpool.Name("listener"))
		}, exitpool.Name("api"))
		return p.Wait(ctx)
	}, exitpool.Observe(view.Observe))
}

func TestWhereThereIsNoTerminalEachChangeIsALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		view := progress.New(&out)
		require.NoError(t, scope(t.Context(), time.Second, view))
		require.NoError(t, view.Close())
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		assert.ElementsMatch(t, []string{"db acquiring", "api acquiring"}, lines[:2], "at one instant")
		assert.Equal(t, []string{
			"db held after 1.0s",
			"api › listener acquiring",
			"api › listener held after 1.0s",
			"api held after 2.0s",
			"api releasing",
			"api › listener releasing",
			"api › listener released after 1.0s",
			"api released after 1.0s",
			"db releasing",
			"db released after 1.0s",
		}, lines[2:])
	})
}

func TestAnErrorIsOnOneLineAndTwoOfOneNameStayApart(t *testing.T) {
	var out bytes.Buffer
	view := progress.New(&out)
	s, ctx := exitpool.NewStack(t.Context(), exitpool.Observe(view.Observe))
	for _, err := range []error{nil, errBoom} {
		exitpool.Enter(ctx, s, func(context.Context, *exitpool.ExitStack) (int, error) { return 0, err }, exitpool.Name("db"))
	}
	require.NoError(t, s.Close())
	assert.Equal(t, "db acquiring\ndb held after 0ms\ndb acquiring\ndb failed after 0ms: acquire db: boom; connection refused\n"+
		"db releasing\ndb released after 0ms\n", out.String())
}

func TestATaskIsShownOnlyIfItFails(t *testing.T) {
	for _, err := range []error{nil, errBoom} {
		var out bytes.Buffer
		view := progress.New(&out)
		s, _ := exitpool.NewStack(t.Context(), exitpool.Observe(view.Observe))
		s.Go(func(context.Context) error { return err })
		assert.Equal(t, err != nil, s.Close() != nil)
		if err == nil {
			assert.Empty(t, out.String())
		} else {
			assert.Regexp(t, `failed after 0ms: boom connection refused\n$`, out.String())
			assert.Equal(t, 1, strings.Count(out.String(), "\n"))
		}
	}
}

func TestATaskThatEndsWithItsScopeIsNotShown(t *testing.T) {
	var out bytes.Buffer
	view := progress.New(&out)
	s, _ := exitpool.NewStack(t.Context(), exitpool.Observe(view.Observe))
	s.Go(func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
	assert.NoError(t, s.Close())
	assert.Empty(t, out.String())
}

// flaky is a writer that fails for a while.
type flaky struct{ writes int }

func (f *flaky) Write(p []byte) (int, error) {
	if f.writes++; f.writes == 1 {
		return 0, errBoom
	}
	return len(p), nil
}

func TestWhatCannotBeWrittenIsNotTriedAgain(t *testing.T) {
	out := new(flaky)
	view := progress.New(out)
	assert.NoError(t, scope(t.Context(), 0, view))
	assert.Equal(t, errBoom, view.Close())
	assert.Equal(t, 1, out.writes)
}

func TestNothingIsKeptOfWhatIsReleased(t *testing.T) {
	view := progress.New(io.Discard)
	p, ctx := exitpool.NewPool(t.Context(), exitpool.Observe(view.Observe))
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for range 10_000 {
		e := exitpool.Start(p, takes(0))
		_, err := e.Get(ctx)
		require.NoError(t, err)
		require.NoError(t, e.Release())
	}
	assert.Less(t, heap(), before+1<<20)
	assert.NoError(t, p.Close())
	assert.NoError(t, view.Close())
}

// A screen is the other end of a terminal.
type screen struct {
	tty, master *os.File
	mu          sync.Mutex
	text        bytes.Buffer
	read        chan struct{}
}

func newScreen(t *testing.T) *screen {
	master, tty, err := pty.Open()
	require.NoError(t, err)
	require.NoError(t, pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: 60}))
	s := &screen{tty: tty, master: master, read: make(chan struct{})}
	go func() {
		defer close(s.read)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			s.mu.Lock()
			s.text.Write(buf[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

func (s *screen) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// last is what stands there in the end: each drawing begins by going up to the first
// line.
func (s *screen) last() (lines []string) {
	s.tty.Close()
	<-s.read
	s.master.Close()
	frames := regexp.MustCompile(`\x1b\[\d+A\x1b\[J`).Split(s.seen(), -1)
	for line := range strings.Lines(frames[len(frames)-1]) {
		lines = append(lines, strings.TrimPrefix(strings.TrimRight(line, " \r\n"), "\r"))
	}
	return lines
}

func TestOnATerminalThereIsOneLineForEachResource(t *testing.T) {
	screen := newScreen(t)
	view := progress.New(screen.tty)
	require.NoError(t, scope(t.Context(), 150*time.Millisecond, view))
	require.NoError(t, view.Close())
	lines := screen.last()
	seen := screen.seen()
	require.Len(t, lines, 3, seen)
	for i, name := range []string{"db", "api", "api › listener"} {
		assert.Regexp(t, `released +\d+ms$`, lines[i])
		assert.Contains(t, strings.Join(lines, "\n"), "✔ "+name+" ")
	}
	for _, state := range []string{"acquiring", "held", "releasing"} {
		assert.Contains(t, seen, state)
	}
	assert.Regexp(t, "["+"⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"+"] db +acquiring", seen)
	assert.Contains(t, seen, "✔ db")
}

func TestALongLineIsCutAtTheEdge(t *testing.T) {
	screen := newScreen(t)
	view := progress.New(screen.tty)
	err := exitpool.Use(t.Context(), exitpool.Resource[int](func(context.Context, *exitpool.ExitStack) (int, error) {
		return 0, errors.New(strings.Repeat("much to say ", 20))
	}), func(context.Context, int) error { return nil }, exitpool.Observe(view.Observe))
	require.Error(t, err)
	require.NoError(t, view.Close())
	lines := screen.last()
	require.Len(t, lines, 1)
	assert.Len(t, []rune(lines[0]), 60)
	assert.True(t, strings.HasPrefix(lines[0], "✘ ") && strings.HasSuffix(lines[0], "…"), lines[0])
}

// sized is a screen of so many lines.
func sized(t *testing.T, lines int) *screen {
	s := newScreen(t)
	require.NoError(t, pty.Setsize(s.tty, &pty.Winsize{Rows: uint16(lines), Cols: 60}))
	return s
}

func TestWhereThereAreMoreRowsThanLinesNoneIsLost(t *testing.T) {
	screen := sized(t, 8)
	view := progress.New(screen.tty)
	err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		for i := range 40 {
			exitpool.Start(p, takes(0), exitpool.Name(fmt.Sprintf("quick-%02d", i)))
		}
		exitpool.Start(p, takes(350*time.Millisecond), exitpool.Name("slow"))
		exitpool.Start(p, exitpool.Resource[int](func(context.Context, *exitpool.ExitStack) (int, error) { return 0, errBoom }),
			exitpool.Name("optional"), exitpool.Optional())
		return p.Wait(ctx)
	}, exitpool.Observe(view.Observe))
	require.NoError(t, err)
	require.NoError(t, view.Close())
	screen.tty.Close()
	<-screen.read
	frames := regexp.MustCompile(`\x1b\[\d+A\x1b\[J`).Split(screen.seen(), -1)
	slow := 0
	for i, frame := range frames {
		lines := strings.Count(frame, "\n")
		if i < len(frames)-1 && !strings.Contains(frame, " more above") { // in the end all are written
			assert.Less(t, lines, 8, "else the terminal scrolls")
		}
		if lines == 7 && strings.Contains(frame, "slow") && strings.Contains(frame, "✘ optional") && strings.Contains(frame, "… and 36 more") {
			slow++
		}
	}
	assert.GreaterOrEqual(t, slow, 2, "%q", frames)
	for i := range 40 {
		assert.Regexp(t, fmt.Sprintf("✔ quick-%02d +released", i), screen.seen())
	}
	assert.Regexp(t, "✔ slow +released", screen.seen())
	assert.Contains(t, frames[len(frames)-1], "… and 36 more above")
	screen.master.Close()
}

func TestWhatIsWrittenMeanwhileStandsAboveTheLines(t *testing.T) {
	screen := newScreen(t)
	view := progress.New(screen.tty)
	require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, takes(150*time.Millisecond), exitpool.Name("db"))
		err := p.Wait(ctx)
		fmt.Fprintln(view, "a line of the log")
		return err
	}, exitpool.Observe(view.Observe)))
	require.NoError(t, view.Close())
	fmt.Fprintln(view, "a line after that")
	lines := screen.last()
	seen := screen.seen()
	assert.Regexp(t, `a line of the log\r?\n\r?[^\n]*db`, seen)
	require.Len(t, lines, 2, seen)
	assert.Contains(t, lines[0], "✔ db")
	assert.Equal(t, "a line after that", lines[1])
}

func TestWhatIsTypedDoesNotShiftTheLines(t *testing.T) {
	screen := newScreen(t)
	view := progress.New(screen.tty)
	require.NoError(t, scope(t.Context(), 150*time.Millisecond, view))
	require.NoError(t, view.Close())
	screen.last()
	for line := range strings.Lines(screen.seen()) {
		if strings.Contains(line, "db") {
			assert.Regexp(t, `^(\x1b\[\d+A\x1b\[J)?\r`, line)
		}
	}
}

func TestWithoutATerminalOthersWriteBetweenTheLines(t *testing.T) {
	var out bytes.Buffer
	view := progress.New(&out)
	require.NoError(t, exitpool.Use(t.Context(), takes(0), func(context.Context, int) error {
		_, err := fmt.Fprintln(view, "open")
		return err
	}, exitpool.Observe(view.Observe)))
	assert.Regexp(t, `(?s)held after \d+ms\nopen\n.* releasing\n`, out.String())
}

func TestWhatAnotherFailureCancelledHasNotFailed(t *testing.T) {
	var out bytes.Buffer
	view := progress.New(&out)
	require.Error(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
			<-ctx.Done()
			return 0, context.Cause(ctx)
		}, exitpool.Name("other"))
		exitpool.Start(p, func(context.Context, *exitpool.ExitStack) (int, error) { return 0, errBoom }, exitpool.Name("db"))
		return p.Wait(ctx)
	}, exitpool.Observe(view.Observe)))
	assert.Regexp(t, `db failed after \d+ms: .*boom`, out.String())
	assert.Regexp(t, `other cancelled after \d+ms\n`, out.String())
}

func TestAClosedTerminalNeverBreaksTheScope(t *testing.T) {
	master, tty, err := pty.Open()
	require.NoError(t, err)
	view := progress.New(tty)
	master.Close()
	assert.NoError(t, scope(t.Context(), 150*time.Millisecond, view))
	err = view.Close()
	assert.Error(t, err)
	assert.Equal(t, err, view.Close())
	tty.Close()
}

func TestAStoppedTerminalDoesNotHoldUpTheScope(t *testing.T) {
	master, tty, err := pty.Open() // nobody reads: it fills up
	require.NoError(t, err)
	_, err = tty.WriteString(strings.Repeat(".", 2000))
	require.NoError(t, err)
	view := progress.New(tty)
	assert.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		for i := range 100 {
			exitpool.Start(p, takes(0), exitpool.Name(fmt.Sprint(strings.Repeat("x", 40), i)))
		}
		<-time.After(300 * time.Millisecond) // several drawings
		return p.Wait(ctx)
	}, exitpool.Observe(view.Observe)))
	master.Close() // what waits to be written fails
	view.Close()
	tty.Close()
}

func TestAFullDiskIsToldByClose(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	view := progress.New(full)
	assert.NoError(t, scope(t.Context(), 0, view))
	assert.ErrorContains(t, view.Close(), "no space left")
}

func TestWhatComesAfterCloseIsNotShown(t *testing.T) {
	var out bytes.Buffer
	view := progress.New(&out)
	require.NoError(t, view.Close())
	assert.NoError(t, scope(t.Context(), 0, view))
	assert.Empty(t, out.String())
}

func TestANilWriterPanics(t *testing.T) {
	assert.PanicsWithValue(t, "progress: New: nil Writer", func() { progress.New(nil) })
}

func ExampleNew() {
	view := progress.New(os.Stdout) // no terminal here
	s, ctx := exitpool.NewStack(context.Background(), exitpool.Observe(view.Observe))
	exitpool.Enter(ctx, s, takes(0), exitpool.Name("db"))
	s.Close()
	view.Close()
	// Output:
	// db acquiring
	// db held after 0ms
	// db releasing
	// db released after 0ms
}
