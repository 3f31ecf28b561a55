package exitlog_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exitlog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// logger writes lines of text without the time.
func logger(b *bytes.Buffer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
}

// logged is what the events are logged as, from level on.
func logged(level slog.Level, events ...exitpool.Event) string {
	var b bytes.Buffer
	observe := exitlog.Observer(logger(&b, level))
	for _, ev := range events {
		observe(ev)
	}
	return b.String()
}

func TestEachEventIsARecord(t *testing.T) {
	cancelled := errors.Join(context.Canceled)
	for want, ev := range map[string]exitpool.Event{
		`level=DEBUG msg=acquiring op=acquire name=db id=7`: {Op: exitpool.OpAcquire, Name: "db", ID: 7},
		`level=INFO msg=acquired op=acquire name=api id=8 parent=7 elapsed=2s uses="[3 4]"`: {
			Op: exitpool.OpAcquire, Name: "api", ID: 8, Parent: 7, Done: true, Elapsed: 2 * time.Second, Uses: []uint64{3, 4}},
		`level=ERROR msg="not acquired" op=acquire name=db id=7 elapsed=1ms err=refused`: {
			Op: exitpool.OpAcquire, Name: "db", ID: 7, Done: true, Elapsed: time.Millisecond, Err: errors.New("refused")},
		`level=INFO msg="not acquired" op=acquire name=db id=7 elapsed=1ms err="context canceled"`: {
			Op: exitpool.OpAcquire, Name: "db", ID: 7, Done: true, Elapsed: time.Millisecond, Err: cancelled, Cancelled: true},
		`level=ERROR msg="not acquired" op=acquire name=db id=7 elapsed=0s err="context canceled\n  broken pipe"`: {
			Op: exitpool.OpAcquire, Name: "db", ID: 7, Done: true,
			Err: &exitpool.ExitError{Cause: cancelled, Failures: []error{errors.New("broken pipe")}}},
		`level=DEBUG msg=releasing op=release name="a b\n" id=1`: {Op: exitpool.OpRelease, Name: "a b\n", ID: 1},
		`level=INFO msg=released op=release name=db id=1 elapsed=0s`: {
			Op: exitpool.OpRelease, Name: "db", ID: 1, Done: true},
		`level=ERROR msg="not released" op=release name=db id=1 elapsed=0s err="context canceled"`: {
			Op: exitpool.OpRelease, Name: "db", ID: 1, Done: true, Err: cancelled},
		`level=DEBUG msg=running op=run name=db id=2`: {Op: exitpool.OpRun, Name: "db", ID: 2},
		`level=INFO msg=ended op=run name=db id=2 elapsed=0s err="context canceled"`: {
			Op: exitpool.OpRun, Name: "db", ID: 2, Done: true, Err: cancelled, Cancelled: true},
		`level=ERROR msg=failed op=run name=db id=2 elapsed=0s err=died`: {
			Op: exitpool.OpRun, Name: "db", ID: 2, Done: true, Err: errors.New("died")},
		`level=INFO msg=ends op=dance name="" id=0 elapsed=0s`: {Op: "dance", Done: true},
	} {
		require.Equal(t, want+"\n", logged(slog.LevelDebug, ev))
	}
}

func TestWhatTheHandlerDoesNotWantIsNotMade(t *testing.T) {
	begin := exitpool.Event{Op: exitpool.OpAcquire, Name: "db"}
	end := begin
	end.Done = true
	require.Empty(t, logged(slog.LevelInfo, begin))
	require.Empty(t, logged(slog.LevelError, begin, end))
	require.Equal(t, 1, strings.Count(logged(slog.LevelInfo, begin, end), "\n"))
	observe := exitlog.Observer(logger(new(bytes.Buffer), slog.LevelError))
	require.Zero(t, testing.AllocsPerRun(100, func() { observe(end) }))
}

func TestAScopeIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				time.Sleep(time.Second)
				s.Defer(func(context.Context) error { return errors.New("broken pipe") })
				return 0, nil
			}, exitpool.Name("db"))
			return p.Wait(ctx)
		}, exitpool.Observe(exitlog.Observer(logger(&b, slog.LevelInfo))))
		require.EqualError(t, err, "release db: broken pipe")
		require.Regexp(t, `^level=INFO msg=acquired op=acquire name=db id=\d+ elapsed=1s
level=ERROR msg="not released" op=release name=db id=\d+ elapsed=0s err="release db: broken pipe"
$`, b.String())
	})
}

func TestOneFailureIsOneErrorAlthoughItCancelsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			for range 2 {
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					<-ctx.Done()
					return 0, ctx.Err()
				}, exitpool.Name("other"))
			}
			exitpool.Start(p, func(context.Context, *exitpool.ExitStack) (int, error) {
				time.Sleep(time.Second)
				return 0, errors.New("refused")
			}, exitpool.Name("db"))
			return p.Wait(ctx)
		}, exitpool.Observe(exitlog.Observer(logger(&b, slog.LevelInfo))))
		require.EqualError(t, err, "acquire db: refused")
		require.Equal(t, 1, strings.Count(b.String(), "level=ERROR"), b.String())
		require.Equal(t, 2, strings.Count(b.String(), `level=INFO msg="not acquired" op=acquire name=other`), b.String())
	})
}

func TestANilLoggerPanicsAtTheCall(t *testing.T) {
	require.PanicsWithValue(t, "exitlog: Observer: nil Logger", func() { exitlog.Observer(nil) })
}

// broken is a handler that panics, or fails.
type broken struct {
	slog.Handler
	err error
}

func (b broken) Enabled(context.Context, slog.Level) bool { return true }
func (b broken) Handle(context.Context, slog.Record) error {
	if b.err == nil {
		panic("no disk")
	}
	return b.err
}

func TestABrokenHandlerBreaksNoRelease(t *testing.T) { // E6
	released := 0
	run := func(h slog.Handler) error {
		return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			for range 3 {
				s.Defer(func(context.Context) error { released++; return nil })
			}
			return nil
		}, exitpool.Observe(exitlog.Observer(slog.New(h))))
	}
	require.NoError(t, run(broken{err: errors.New("full")}))
	require.Equal(t, 3, released)
	func() {
		defer func() {
			err, _ := recover().(*exitpool.PanicError)
			require.NotNil(t, err)
			require.Equal(t, "no disk", err.Value)
		}()
		_ = run(broken{})
	}()
	require.Equal(t, 6, released)
}
