package timeline_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/timeline"
	"github.com/stretchr/testify/require"
)

func hints(p timeline.Path) (lines []string) {
	for _, h := range p.Hints {
		lines = append(lines, h.String())
	}
	return lines
}

func TestThePathGoesBackThroughTheUsedMemberThatEndedLast(t *testing.T) {
	rec := record(t, service)
	up, down := rec.Startup(), rec.Shutdown()
	requireTiled(t, up)
	requireTiled(t, down)
	require.Equal(t, "1.92 s: db 1.20 s → api 720 ms", up.String())
	require.Equal(t, []string{"faster api saves up to 720 ms", "faster db saves up to 300 ms, then cache leads"}, hints(up))
	require.Equal(t, "800 ms: api 300 ms → db 500 ms", down.String())
	require.Equal(t, []string{"faster db saves up to 300 ms, then cache leads", "faster api saves up to 300 ms"}, hints(down))
	require.Equal(t, 1200*ms, up.Hints[1].Own)
	require.Equal(t, up.Steps[0].ID, up.Hints[1].ID)
	require.Equal(t, 2920*ms, down.Start.Sub(up.Start))
}

func TestWhatWasThereBeforeIsNotOnThePath(t *testing.T) {
	rec := record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		db := exitpool.Start(p, takes(300*ms, 0), exitpool.Name("db"))
		if _, err := db.Get(ctx); err != nil {
			return err
		}
		exitpool.Start(p, takes(time.Second, 0, db), exitpool.Name("api"))
		exitpool.Start(p, takes(500*ms, 0, db), exitpool.Name("late"))
		return p.Wait(ctx)
	})
	require.Equal(t, "1.30 s: db 300 ms → api 1.00 s", rec.Startup().String())
	require.Equal(t, "0 s", rec.Shutdown().String())
	require.Empty(t, rec.Shutdown().Steps)
}

func TestTheStepsOfAStackFollowEachOtherWithGapsBetween(t *testing.T) {
	var rec timeline.Recorder
	synctest.Test(t, func(t *testing.T) {
		require.NoError(t, exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(sleeps(40 * ms))
			_, _ = exitpool.Enter(ctx, s, takes(100*ms, 10*ms), exitpool.Name("a"))
			time.Sleep(50 * ms)
			_, _ = exitpool.Enter(ctx, s, takes(200*ms, 20*ms), exitpool.Name("b"))
			return nil
		}, exitpool.Observe(rec.Observe)))
	})
	requireTiled(t, rec.Startup())
	require.Equal(t, "350 ms: a 100 ms → gap 50.0 ms → b 200 ms", rec.Startup().String())
	require.Regexp(t, `^70.0 ms: b 20.0 ms → a 10.0 ms → timeline_test.* 40.0 ms$`, rec.Shutdown().String())
}

func TestWhatWaitsForALimitComesAfterTheOneBefore(t *testing.T) {
	rec := record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, takes(100*ms, 0), exitpool.Name("a"))
		exitpool.Start(p, takes(200*ms, 0), exitpool.Name("b"))
		exitpool.Start(p, takes(300*ms, 0), exitpool.Name("c"))
		return p.Wait(ctx)
	}, exitpool.Limit(1))
	requireTiled(t, rec.Startup())
	require.Equal(t, 600*ms, rec.Startup().Elapsed)
	require.Len(t, rec.Startup().Steps, 3)
}

func TestThePathLeadsIntoMembersAndOutOfThem(t *testing.T) {
	rec := record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		db := exitpool.Start(p, takes(time.Second, 100*ms), exitpool.Name("db"))
		cache := exitpool.Start(p, takes(900*ms, 90*ms), exitpool.Name("cache"))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			time.Sleep(50 * ms)
			if _, err := exitpool.Enter(ctx, s, takes(10*ms, 0, db, cache), exitpool.Name("pool")); err != nil {
				return 0, err
			}
			inner := s.Pool(ctx)
			exitpool.Start(inner, takes(200*ms, 30*ms), exitpool.Name("rpc"))
			exitpool.Start(inner, takes(150*ms, 40*ms), exitpool.Name("web"))
			err := inner.Wait(ctx)
			s.Defer(sleeps(5 * ms))
			time.Sleep(20 * ms)
			return 0, err
		}, exitpool.Name("api"))
		return p.Wait(ctx)
	})
	requireTiled(t, rec.Startup())
	requireTiled(t, rec.Shutdown())
	require.Equal(t, "1.23 s: db 1.00 s → pool 10.0 ms → rpc 200 ms → api 20.0 ms", rec.Startup().String())
	require.Equal(t, "145 ms: api 5.00 ms → web 40.0 ms → db 100 ms", rec.Shutdown().String())
	require.Equal(t, []string{
		"faster db saves up to 100 ms, then cache leads",
		"faster rpc saves up to 50.0 ms, then web leads",
		"faster api saves up to 20.0 ms",
	}, hints(rec.Startup()))
}

func TestWhatTakesAsLongSavesNothing(t *testing.T) {
	rec := record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, takes(time.Second, 0), exitpool.Name("a"))
		exitpool.Start(p, takes(time.Second, 0), exitpool.Name("b"))
		return p.Wait(ctx)
	})
	p := rec.Startup()
	require.Len(t, p.Hints, 1)
	require.Zero(t, p.Hints[0].Saves)
	require.Regexp(t, "^faster [ab] saves nothing: [ab] takes as long$", p.Hints[0].String())
	require.Len(t, p.Steps, 1)
}

func TestStartupIsOverBeforeAServerTakesConnections(t *testing.T) {
	rec := record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		server := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (*exitpool.ExitPool, error) {
			time.Sleep(100 * ms)
			return s.Pool(ctx), nil
		}, exitpool.Name("server"))
		conns, err := server.Get(ctx)
		if err != nil {
			return err
		}
		time.Sleep(time.Hour)
		first := exitpool.Start(conns, takes(time.Second, time.Second), exitpool.Name("conn-1"))
		exitpool.Start(conns, takes(time.Second, 300*ms), exitpool.Name("conn-2"))
		if err := conns.Wait(ctx); err != nil {
			return err
		}
		err = first.Release()
		time.Sleep(time.Hour)
		return err
	})
	require.Equal(t, "100 ms: server 100 ms", rec.Startup().String())
	require.Equal(t, "300 ms: conn-2 300 ms", rec.Shutdown().String())
}

func TestTheLoserOfARaceIsNotPartOfShutdown(t *testing.T) {
	stubborn := func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		s.Defer(sleeps(time.Second))
		time.Sleep(2 * time.Second)
		return 0, nil
	}
	rec := record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, exitpool.Race(takes(time.Second, 100*ms), stubborn), exitpool.Name("nearest"))
		err := p.Wait(ctx)
		time.Sleep(time.Minute)
		return err
	})
	require.Equal(t, time.Second, rec.Startup().Elapsed)
	require.Equal(t, 100*ms, rec.Shutdown().Elapsed)
}

func TestAFailedStartupHasItsPathsToo(t *testing.T) {
	rec := record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, takes(100*ms, 300*ms), exitpool.Name("ready"))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			time.Sleep(200 * ms)
			return 0, errors.New("refused")
		}, exitpool.Name("bad"))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			<-ctx.Done()
			time.Sleep(50 * ms)
			return 0, ctx.Err()
		}, exitpool.Name("slow to give up"))
		return p.Wait(ctx)
	})
	require.Equal(t, "250 ms: slow to give up 250 ms", rec.Startup().String())
	require.Equal(t, "300 ms: ready 300 ms", rec.Shutdown().String())
}

func TestNoEventsNoPath(t *testing.T) {
	var rec timeline.Recorder
	require.Equal(t, timeline.Path{}, rec.Startup())
	require.Equal(t, timeline.Path{}, rec.Shutdown())
	require.Equal(t, "0 s", rec.Startup().String())
}

func TestALongPathIsALineOfItsLongestSteps(t *testing.T) {
	var rec timeline.Recorder
	synctest.Test(t, func(t *testing.T) {
		require.NoError(t, exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			for i := range 1000 {
				d := ms
				if i == 500 {
					d = time.Second
				}
				if _, err := exitpool.Enter(ctx, s, takes(d, 0), exitpool.Name("step")); err != nil {
					return err
				}
			}
			return nil
		}, exitpool.Observe(rec.Observe)))
	})
	p := rec.Startup()
	requireTiled(t, p)
	require.Len(t, p.Steps, 1000)
	require.Equal(t, "2.00 s: … → step 1.00 s → …", p.String())
}
