package timeline_test

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/timeline"
	"github.com/stretchr/testify/require"
)

// writers are the ways to write a record.
func writers(rec *timeline.Recorder) map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"text":  func(w io.Writer) error { return rec.WriteText(w, 80) },
		"SVG":   rec.WriteSVG,
		"trace": rec.WriteTrace,
	}
}

func TestAFullDiskIsAnErrorThatSaysWhatWasWritten(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /dev/full")
	}
	for what, write := range writers(record(t, service)) {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		require.NoError(t, err)
		err = write(full)
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.EqualError(t, err, "timeline: write "+what+": write /dev/full: no space left on device")
		require.NoError(t, full.Close())
	}
}

func TestAClosedPipeIsAnError(t *testing.T) {
	for what, write := range writers(record(t, service)) {
		r, w := io.Pipe()
		require.NoError(t, r.Close())
		require.EqualError(t, write(w), "timeline: write "+what+": io: read/write on closed pipe")
	}
}

// shortWriter takes half of what it is given, and does not say so.
type shortWriter struct{ calls int }

func (w *shortWriter) Write(p []byte) (int, error) { w.calls++; return len(p) / 2, nil }

func TestItIsWrittenAtOnceAndAShortWriteIsAnError(t *testing.T) {
	for _, write := range writers(record(t, service)) {
		var w shortWriter
		require.ErrorIs(t, write(&w), io.ErrShortWrite)
		require.Equal(t, 1, w.calls)
	}
}

func TestItCanBeWrittenWhileEventsCome(t *testing.T) {
	var rec timeline.Recorder
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for _, write := range writers(&rec) {
		wg.Go(func() {
			for {
				require.NoError(t, write(io.Discard))
				rec.Startup()
				rec.Shutdown()
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for range 5 {
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			for range 10 {
				exitpool.Start(p, takes(ms, ms), exitpool.Name("same"))
			}
			return p.Wait(ctx)
		}, exitpool.Observe(rec.Observe)))
	}
	close(stop)
	wg.Wait()
	require.Equal(t, 50, strings.Count(traceOf(t, &rec), `"name":"acquire same"`))
}

func traceOf(t *testing.T, rec *timeline.Recorder) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, rec.WriteTrace(&b))
	return b.String()
}

// The events of a scope are told in pairs, but a Recorder is not to break on others.
func TestStrangeEventsBreakNothing(t *testing.T) {
	var rec timeline.Recorder
	for _, ev := range []exitpool.Event{
		{},
		{Op: "dance", ID: 1, Parent: 1, Uses: []uint64{1}},
		{Op: exitpool.OpAcquire, ID: 2, Parent: 2},
		{Op: exitpool.OpAcquire, ID: 2, Parent: 2, Done: true, Elapsed: -1, Uses: []uint64{2, 3, 99}},
		{Op: exitpool.OpAcquire, ID: 3, Parent: 2},
		{Op: exitpool.OpAcquire, ID: 3, Parent: 2, Done: true, Uses: []uint64{2}},
		{Op: exitpool.OpRelease, ID: 3, Parent: 3, Done: true, Err: errors.New("never begun")},
		{Op: exitpool.OpRelease, ID: 2, Parent: 3},
		{Op: exitpool.OpRelease, ID: 2, Parent: 3, Done: true},
		{Op: exitpool.OpRelease, ID: 2, Parent: 3, Done: true, Err: errors.New("twice")},
	} {
		rec.Observe(ev)
	}
	for what, write := range writers(&rec) {
		require.NoError(t, write(io.Discard), what)
	}
	require.Contains(t, text(t, &rec, 80), "✗ release , late: twice\n")
}

func TestAnAbandonedReleaseIsToldWhenItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec timeline.Recorder
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error { time.Sleep(time.Minute); return errors.New("at last") })
				return 0, nil
			}, exitpool.Name("stuck"))
			return p.Wait(ctx)
		}, exitpool.Abandon(time.Second), exitpool.Observe(rec.Observe))
		require.EqualError(t, err, "abandoned stuck")
		require.Equal(t, time.Second, rec.Shutdown().Elapsed)
		time.Sleep(time.Hour)
		require.Contains(t, text(t, &rec, 80), "\n✗ release stuck, late: at last\n")
	})
}
