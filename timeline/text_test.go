package timeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/timeline"
	"github.com/stretchr/testify/require"
)

// 55 columns are 3.72 s, so one is 68 ms: db has acquired in column 17.7, cache in 13.3,
// api in 28.4. The release of api begins in column 43.2 and ends in 47.6; there those of
// db, until the end, and of cache, until column 50.6, begin.
func TestTheTextHasALineForEachMember(t *testing.T) {
	require.Equal(t, strings.TrimPrefix(`
start-up  1.92 s: db 1.20 s → api 720 ms
          faster api saves up to 720 ms
          faster db saves up to 300 ms, then cache leads
shutdown  800 ms: api 300 ms → db 500 ms
          faster db saves up to 300 ms, then cache leads
          faster api saves up to 300 ms
db    1.20 s ██████████████████─────────────────────────────████████ 500 ms
cache 900 ms ░░░░░░░░░░░░░░─────────────────────────────────░░░░     200 ms
api   1.92 s ░░░░░░░░░░░░░░░░░████████████──────────────█████        300 ms
             ╵0 s          ╵1 s           ╵2 s           ╵3 s
`, "\n"), text(t, record(t, service), 75))
}

func TestALongQuietTimeIsCutShort(t *testing.T) {
	// 50 columns for 1 s, 0.5 s that stand for 100 hours, and 1 s: 20, 10, 20.
	require.Equal(t, strings.TrimPrefix(`
start-up  1.00 s: a 1.00 s
shutdown  1.00 s: a 1.00 s
a 1.00 s ████████████████████╌╌╌╌╌╌╌╌╌╌████████████████████ 1.00 s
         ╵0 s      ╵500 ms   ╵1 s      ╵100h00m
`, "\n"), text(t, record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, takes(time.Second, time.Second), exitpool.Name("a"))
		err := p.Wait(ctx)
		time.Sleep(100 * time.Hour)
		return err
	}), 66))
}

func TestWhatHasNotEndedIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec timeline.Recorder
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, takes(time.Second, 0), exitpool.Name("db"))
			exitpool.Start(p, takes(10*time.Second, 0), exitpool.Name("hangs"))
			time.Sleep(4 * time.Second)
			require.Equal(t, strings.TrimPrefix(`
start-up  not over: hangs 4.00 s
          1.00 s: db 1.00 s
db    1.00 s ██████████──────────────────────────────
hangs 4.00 s ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░▶
             ╵0 s      ╵1 s      ╵2 s      ╵3 s     ╵4 s
`, "\n"), text(t, &rec, 60))
			return p.Wait(ctx)
		}, exitpool.Observe(rec.Observe)))
	})
}

func TestAFailureIsMarkedAndTold(t *testing.T) {
	out := text(t, record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			time.Sleep(time.Second)
			return 0, errors.New("dial\x1b[31m tcp:\nrefused")
		}, exitpool.Name("cache"), exitpool.Optional())
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Go(func(ctx context.Context) error { time.Sleep(1500 * ms); return errors.New("died") })
			s.Defer(func(context.Context) error { return errors.New("broken pipe") })
			return 0, nil
		}, exitpool.Name("api"))
		exitpool.Start(p, takes(2*time.Second, 0), exitpool.Name("db"))
		return p.Wait(ctx)
	}), 60)
	require.Contains(t, out, "cache 1.00 s ░░░░░░░░░░░░░░░░░░░░✗\n")
	require.Contains(t, out, "\n✗ acquire cache: dial\uFFFD[31m tcp: refused\n")
	require.Contains(t, out, "\n✗ run api: died\n")
	require.Contains(t, out, "\n✗ release api: broken pipe\n")
	require.Equal(t, 3, strings.Count(out, "\n✗ "), out)
}

func TestTimesOfAnyWidthStandInTheirColumns(t *testing.T) {
	out := text(t, record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, takes(50300*time.Microsecond, 29600*time.Microsecond), exitpool.Name("a"))
		exitpool.Start(p, takes(ms, ms), exitpool.Name("b"))
		return p.Wait(ctx)
	}), 60)
	require.Regexp(t, `(?m)^a 50\.3 ms [^ ]+ 29\.6 ms$`, out)
	require.Regexp(t, `(?m)^b 1\.00 ms [^ ].* 1\.00 ms$`, out)
	require.NotContains(t, out, "…")
	lines := strings.Split(out, "\n")
	axis := lines[len(lines)-2]
	require.Equal(t, strings.IndexRune(axis, '╵'), len("a 50.3 ms "), out)
}

func TestEqualNamesStayApart(t *testing.T) {
	rec := record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, takes(time.Second, 0), exitpool.Name("conn"))
		exitpool.Start(p, takes(2*time.Second, 0), exitpool.Name("conn"))
		return p.Wait(ctx)
	})
	require.Contains(t, text(t, rec, 60), "\nconn 1.00 s ")
	require.Contains(t, text(t, rec, 60), "\nconn 2.00 s ")
	require.Len(t, rec.Startup().Steps, 1)
}

func TestTheAxisHasRoundTimes(t *testing.T) {
	// 52 columns: the first round time after a fifth.
	for took, want := range map[time.Duration]string{
		0:                          "╵0 s",
		7:                          "╵0 s ╵1 ns ╵2 ns ╵3 ns ╵4 ns ╵5 ns ╵6 ns ╵7 ns",
		3 * time.Millisecond:       "╵0 s ╵1 ms ╵2 ms ╵3 ms",
		75 * time.Second:           "╵0 s ╵20 s ╵40 s ╵1m00s",
		50 * time.Minute:           "╵0 s ╵10m00s ╵20m00s ╵30m00s ╵40m00s ╵50m00s",
		30 * 24 * time.Hour:        "╵0 s ╵144h00m ╵288h00m ╵432h00m ╵576h00m ╵720h00m",
		100 * 365 * 24 * time.Hour: "╵0 s ╵175200h00m ╵525600h00m",
	} {
		out := text(t, record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, takes(took, 0), exitpool.Name("a"))
			return p.Wait(ctx)
		}), 68)
		lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
		require.Equal(t, want, strings.Join(strings.Fields(lines[len(lines)-1]), " "))
	}
}

func TestWideNamesAreAlignedAndCut(t *testing.T) {
	out := text(t, record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, takes(time.Second, time.Second), exitpool.Name("日本語"))
		exitpool.Start(p, takes(time.Second, time.Second), exitpool.Name("e\u0301te"))
		exitpool.Start(p, takes(time.Second, time.Second), exitpool.Name(strings.Repeat("語", 13)))
		return p.Wait(ctx)
	}), 100)
	require.Contains(t, out, "\n日本語"+strings.Repeat(" ", 17)+" 1.00 s ")
	require.Contains(t, out, "\ne\u0301te"+strings.Repeat(" ", 20)+" 1.00 s ")
	require.Contains(t, out, "\n"+strings.Repeat("語", 11)+"… 1.00 s ")
}

func TestAThousandMembersAreFortyRows(t *testing.T) {
	rec := thousand(t)
	lines := strings.Split(text(t, rec, 80), "\n")
	require.Regexp(t, `^… and 961 more +░`, lines[len(lines)-4])
	require.Len(t, lines, 1+1+40+1+1+1) // start-up, hint, rows, axis, failure, the end
	require.Equal(t, "          faster m-0999 saves up to 1.00 ms, then m-0998 leads", lines[1])
	require.Contains(t, text(t, rec, 80), "\nm-0007 ")
	require.Contains(t, text(t, rec, 80), "\n✗ acquire m-0007: refused\n")
	require.Contains(t, text(t, rec, 80), "\nm-0999 ")
	require.NotContains(t, text(t, rec, 80), "\nm-0500 ")
}

// thousand records a thousand members, of which each takes longer than the one before,
// and number 7 fails.
func thousand(t *testing.T) *timeline.Recorder {
	return record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		for i := range 1000 {
			r := takes(time.Duration(i+1)*ms, 0)
			if i == 7 {
				r = func(context.Context, *exitpool.ExitStack) (int, error) { return 0, errors.New("refused") }
			}
			exitpool.Start(p, r, exitpool.Name(fmt.Sprintf("m-%04d", i)), exitpool.Optional())
		}
		return p.Wait(ctx)
	})
}

func TestNoLineIsWiderThanTheColumns(t *testing.T) {
	rec := record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		var outer exitpool.Resource[int]
		for i := range 6 {
			inner := outer
			outer = func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				if inner != nil {
					return exitpool.Enter(ctx, s, inner, exitpool.Name(strings.Repeat("long ", 20)))
				}
				time.Sleep(time.Duration(i+1) * time.Second)
				return 0, errors.New(strings.Repeat("why ", 100))
			}
		}
		exitpool.Start(p, outer, exitpool.Name("a\nb"))
		return p.Wait(ctx)
	})
	for _, columns := range []int{-1, 40, 41, 80, 200} {
		for line := range strings.Lines(text(t, rec, columns)) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), max(columns, 40), line)
		}
	}
}

func TestNothingRecordedIsSaid(t *testing.T) {
	var rec timeline.Recorder
	require.Equal(t, "nothing was recorded\n", text(t, &rec, 80))
}
