package exitpool_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMembersAreAcquiredAndReleasedConcurrently(t *testing.T) { // R5, D2
	bubble(t, func(t *testing.T) {
		const n = 1000
		took := elapsed(func() {
			require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				for i := range n {
					exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
						s.Defer(func(context.Context) error { time.Sleep(2 * time.Second); return nil })
						return i, sleep(ctx, time.Second)
					})
				}
				return p.Wait(ctx)
			}))
		})
		assert.Equal(t, 3*time.Second, took)
	})
}

func TestAThousandReleasesThatWaitForEachOtherFinish(t *testing.T) { // R5
	bubble(t, func(t *testing.T) {
		const n = 1000
		var p exitpool.ExitPool
		var wg sync.WaitGroup
		wg.Add(n)
		meet := func(context.Context) error { wg.Done(); wg.Wait(); return nil }
		for i := range n {
			if i%2 == 0 {
				p.Defer(meet)
				continue
			}
			exitpool.Start(&p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(meet)
				return i, nil
			})
		}
		require.NoError(t, p.Wait(t.Context()))
		require.NoError(t, p.Close())
	})
}

func TestInsideOneMemberReleasesAreLIFO(t *testing.T) { // R5
	var j journal
	require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(j.release("a"))
			s.Defer(j.release("b"))
			s.Defer(j.release("c"))
			return 0, nil
		})
		return p.Wait(ctx)
	}))
	assert.Equal(t, []string{"release c", "release b", "release a"}, j.all())
}

func TestAZeroPoolIsReadyToUse(t *testing.T) {
	var p exitpool.ExitPool
	e := exitpool.Start(&p, value(7))
	v, err := e.Get(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 7, v)
	assert.Equal(t, 7, e.Value())
	require.NoError(t, p.Close())
	var idle exitpool.ExitPool
	require.NoError(t, idle.Close())
	require.NoError(t, idle.Wait(t.Context()))
}

func TestLateSuccessIsReleasedBeforeWaitReturns(t *testing.T) { // R2, section 7: asyncio.gather + AsyncExitStack
	bubble(t, func(t *testing.T) {
		var j journal
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			slow := exitpool.Start(p, j.stubborn("slow", 2*time.Second))
			exitpool.Start(p, failing(time.Second, errBoom), exitpool.Name("bad"))
			err := p.Wait(ctx)
			assert.Equal(t, []string{"acquire slow", "release slow"}, j.all())
			_, got := slow.Get(ctx)
			assert.True(t, got == err)
			return err
		})
		assert.EqualError(t, err, "acquire bad: boom")
		assert.Equal(t, 1, j.count("release slow"))
	})
}

func TestRegisteringOnAPoolDuringExitStartsAtOnce(t *testing.T) { // R6
	bubble(t, func(t *testing.T) {
		var j journal
		var p exitpool.ExitPool
		p.Defer(func(context.Context) error {
			p.Defer(func(context.Context) error { j.add("late"); return errBoom })
			e := exitpool.Start(&p, j.resource("never", 0))
			_, err := e.Get(t.Context())
			assert.Equal(t, exitpool.ErrClosed, err)
			time.Sleep(time.Second)
			j.add("early")
			return nil
		})
		assert.ErrorIs(t, p.Close(), errBoom)
		assert.Equal(t, []string{"late", "early"}, j.all())
		ran := false
		p.Push(func(_ context.Context, cause error) error { ran = true; assert.ErrorIs(t, cause, errBoom); return nil })
		assert.True(t, ran)
		_, err := exitpool.Start(&p, value(1)).Get(t.Context())
		assert.Equal(t, exitpool.ErrClosed, err)
	})
}

func TestDeferRacingWithCloseOfAnIdlePoolRuns(t *testing.T) { // R6, section 7
	for range 500 {
		var p exitpool.ExitPool
		var ran atomic.Int32
		var wg sync.WaitGroup
		wg.Go(func() { p.Defer(func(context.Context) error { ran.Add(1); return nil }) })
		wg.Go(func() { assert.NoError(t, p.Close()) })
		wg.Wait()
		require.NoError(t, p.Close())
		require.EqualValues(t, 1, ran.Load())
	}
}

func TestASecondExitOfAPoolWaitsAndReturnsTheSame(t *testing.T) { // R7
	bubble(t, func(t *testing.T) {
		var p exitpool.ExitPool
		p.Defer(func(context.Context) error { time.Sleep(time.Second); return errBoom })
		results := make(chan error, 10)
		for range 10 {
			go func() { results <- p.Close() }()
		}
		synctest.Wait()
		require.Empty(t, results)
		first := <-results
		for range 9 {
			assert.True(t, <-results == first)
		}
		assert.ErrorIs(t, p.Exit(errBody), errBody)
		assert.ErrorIs(t, p.Exit(errBody), errBoom)
	})
}

func TestExitCutsOffWhatIsStillBeingAcquired(t *testing.T) { // R12, E3
	bubble(t, func(t *testing.T) {
		var j journal
		var cause error
		var got *exitpool.Entry[string]
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			got = exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				<-ctx.Done()
				time.Sleep(time.Second)
				cause = context.Cause(ctx)
				return "", ctx.Err()
			})
			exitpool.Start(p, j.stubborn("late", time.Minute))
			synctest.Wait()
			return nil
		}))
		assert.Equal(t, exitpool.ErrClosed, cause)
		assert.Equal(t, []string{"acquire late", "release late"}, j.all())
		_, err := got.Get(t.Context())
		assert.Equal(t, exitpool.ErrClosed, err)
	})
}

func TestReleaseReleasesOneMemberNowAndForgetsIt(t *testing.T) { // R10
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Push(func(_ context.Context, cause error) error { j.add("told %v", cause); return errBoom })
			return 1, nil
		}, exitpool.Name("vm"))
		require.NoError(t, p.Wait(ctx))
		err := e.Release()
		assert.EqualError(t, err, "release vm: boom")
		assert.True(t, e.Release() == err)
		_, got := e.Get(ctx)
		assert.Equal(t, exitpool.ErrReleased, got)
		assert.Panics(t, func() { e.Value() })
		assert.Empty(t, p.Status())
		assert.NoError(t, p.Close(), "not repeated by Exit")
		assert.Equal(t, []string{"told <nil>"}, j.all())
	})
}

func TestReleaseOfAUsedMemberIsRefused(t *testing.T) { // R10
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context())
		db := exitpool.Start(p, value(1))
		api := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return db.Get(ctx) })
		require.NoError(t, p.Wait(ctx))
		assert.Equal(t, exitpool.ErrInUse, db.Release())
		assert.Equal(t, 1, db.Value())
		assert.NoError(t, api.Release())
		assert.NoError(t, db.Release())
		require.NoError(t, p.Close())
	})
}

func TestReleaseOfAMemberInAcquisitionCancelsItWithoutHarm(t *testing.T) { // R10
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		polite := exitpool.Start(p, j.resource("polite", time.Hour))
		stubborn := exitpool.Start(p, j.stubborn("stubborn", time.Hour))
		bad := exitpool.Start(p, failing(2*time.Hour, errBoom))
		synctest.Wait()
		assert.NoError(t, polite.Release())
		assert.NoError(t, stubborn.Release())
		assert.ErrorIs(t, bad.Release(), errBoom)
		_, err := stubborn.Get(ctx)
		assert.Equal(t, exitpool.ErrReleased, err)
		assert.NoError(t, ctx.Err())
		assert.NoError(t, p.Wait(ctx))
		assert.Equal(t, []string{"acquire stubborn", "release stubborn"}, j.all())
		require.NoError(t, p.Close())
	})
}

func TestReleaseRacingWithExitRunsOnce(t *testing.T) { // R10
	bubble(t, func(t *testing.T) {
		for _, first := range []string{"Release", "Exit"} {
			var j journal
			p, ctx := exitpool.NewPool(t.Context())
			e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error { time.Sleep(time.Second); j.add("released"); return nil })
				return 1, nil
			})
			require.NoError(t, p.Wait(ctx))
			var wg sync.WaitGroup
			release := func() { assert.NoError(t, e.Release()); assert.Equal(t, 1, j.count("released")) }
			exit := func() { assert.NoError(t, p.Close()); assert.Equal(t, 1, j.count("released")) }
			if first == "Exit" {
				release, exit = exit, release
			}
			wg.Go(release)
			synctest.Wait()
			wg.Go(exit)
			wg.Wait()
		}
	})
}

func TestAPanicInReleaseGoesOnInItsCaller(t *testing.T) { // R10
	p, ctx := exitpool.NewPool(t.Context())
	breaks := func(f func()) *exitpool.Entry[int] {
		return exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { f(); return nil })
			return 1, nil
		})
	}
	panics, exits := breaks(func() { panic("x") }), breaks(runtime.Goexit)
	require.NoError(t, p.Wait(ctx))
	assert.Equal(t, "x", asPanic(t, call(panics.Release).panic).Value)
	assert.True(t, call(exits.Release).goexit)
	assert.ErrorIs(t, exits.Release(), exitpool.ErrGoexit)
	require.NoError(t, p.Close())
}

func TestAPoolHoldsNoMemoryForMembersComeAndGone(t *testing.T) { // R10
	p, ctx := exitpool.NewPool(t.Context())
	run := func(n int) uint64 {
		for i := range n {
			var opts []exitpool.EntryOption
			r := value(1)
			if i%2 == 0 {
				opts = append(opts, exitpool.Optional())
				r = func(context.Context, *exitpool.ExitStack) (int, error) { return 0, errBoom }
			}
			e := exitpool.Start(p, r, opts...)
			_, err := e.Get(ctx)
			require.Equal(t, i%2 == 0, err != nil)
			require.NoError(t, e.Release())
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := run(100)
	assert.Less(t, int64(run(20_000))-int64(before), int64(1<<20))
	require.NoError(t, p.Close())
}

func TestANestedPoolIsExitedAtItsPlace(t *testing.T) { // R4
	var j journal
	s, ctx := exitpool.NewStack(t.Context())
	s.Defer(j.release("before"))
	p := s.Pool(ctx)
	exitpool.Start(p, j.resource("member", 0))
	require.NoError(t, p.Wait(ctx))
	s.Defer(j.release("after"))
	require.NoError(t, s.Close())
	assert.Equal(t, []string{"acquire member", "release after", "release member", "release before"}, j.all())
}

func TestNestedPoolErrorsReachTheStackOnce(t *testing.T) { // E1
	bubble(t, func(t *testing.T) {
		err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			p := s.Pool(ctx)
			exitpool.Start(p, failing(0, errBoom), exitpool.Name("a"))
			<-ctx.Done()
			assert.EqualError(t, context.Cause(ctx), "acquire a: boom")
			return nil
		})
		assert.EqualError(t, err, "acquire a: boom")
	})
}

func TestGatherHasItsValuesInOrder(t *testing.T) { // section 2
	bubble(t, func(t *testing.T) {
		var j journal
		took := elapsed(func() {
			err := exitpool.Use(t.Context(), exitpool.Gather(j.resource("a", 3*time.Second), j.resource("b", time.Second)),
				func(ctx context.Context, vs []string) error {
					assert.Equal(t, []string{"a", "b"}, vs)
					return nil
				})
			require.NoError(t, err)
		})
		assert.Equal(t, 3*time.Second, took)
		assert.Equal(t, 4, len(j.all()))
		require.NoError(t, exitpool.Use(t.Context(), exitpool.Gather[int](), func(ctx context.Context, vs []int) error {
			assert.NotNil(t, vs)
			assert.Empty(t, vs)
			return nil
		})) // B5
	})
}

func TestGatherReleasesEverythingWhenAPartFails(t *testing.T) { // R1, R2
	bubble(t, func(t *testing.T) {
		var j journal
		err := exitpool.Use(t.Context(), exitpool.Gather(j.resource("a", 0), failing(time.Second, errBoom), j.stubborn("c", time.Minute)),
			func(context.Context, []string) error { t.Error("body"); return nil })
		assert.ErrorIs(t, err, errBoom)
		assert.ElementsMatch(t, []string{"acquire a", "acquire c", "release a", "release c"}, j.all())
	})
}

func TestRaceHasTheFirstAtOnceAndReleasesTheOthersMeanwhile(t *testing.T) { // R12
	bubble(t, func(t *testing.T) {
		var j journal
		start := time.Now()
		err := exitpool.Use(t.Context(), exitpool.Race(
			failing(0, errBoom), j.stubborn("slow", time.Minute), j.resource("fast", time.Second), failing(time.Hour, errOther), j.resource("polite", time.Hour)),
			func(ctx context.Context, v string) error {
				assert.Equal(t, "fast", v)
				assert.Equal(t, time.Second, time.Since(start))
				assert.NoError(t, ctx.Err())
				return nil
			})
		require.NoError(t, err)
		assert.Equal(t, time.Hour, time.Since(start), "Exit waits for the losers")
		assert.ElementsMatch(t, []string{"acquire fast", "acquire slow", "release slow", "release fast"}, j.all())
	})
}

func TestALosersFailingReleaseIsAFailureOfTheScope(t *testing.T) { // R12
	bubble(t, func(t *testing.T) {
		loser := func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
			s.Defer(func(context.Context) error { return errBoom })
			<-ctx.Done()
			return "", ctx.Err()
		}
		err := exitpool.Use(t.Context(), exitpool.Race(loser, value("x")), func(context.Context, string) error { return nil })
		assert.ErrorIs(t, err, errBoom)
		var op *exitpool.OpError
		require.ErrorAs(t, err, &op)
		assert.Equal(t, exitpool.OpRelease, op.Op)
	})
}

func TestARaceThatAllLoseHasAllErrors(t *testing.T) { // R12, E2
	bubble(t, func(t *testing.T) {
		err := exitpool.Use(t.Context(), exitpool.Race(failing(2, errBoom), failing(1, errOther)), func(context.Context, string) error { return nil })
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorIs(t, err, errOther)
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { time.Sleep(time.Second); cancel(errBody) }()
		err = exitpool.Use(ctx, exitpool.Race(failing(0, errOther), (&journal{}).resource("a", time.Hour)), func(context.Context, string) error { return nil })
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, errBody)
	})
}

func TestQuorumHasTheFirstThatSucceedInTheirOrder(t *testing.T) { // R12
	bubble(t, func(t *testing.T) {
		var j journal
		node := func(i int, d time.Duration) exitpool.Resource[string] { return j.resource(fmt.Sprint(i), d) }
		err := exitpool.Use(t.Context(), exitpool.Quorum(3, node(0, 5), node(1, 1), node(2, 4), failing(2, errBoom), node(4, 3)),
			func(ctx context.Context, vs []string) error {
				assert.Equal(t, []string{"1", "2", "4"}, vs)
				return nil
			})
		require.NoError(t, err)
		start := time.Now()
		err = exitpool.Use(t.Context(), exitpool.Quorum(2, node(0, time.Hour), failing(time.Second, errBoom), failing(time.Second, errOther)),
			func(context.Context, []string) error { t.Error("body"); return nil })
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorIs(t, err, errOther)
		assert.Equal(t, time.Second, time.Since(start), "it fails when too few are left")
	})
}

func TestAPanickingRacerPanics(t *testing.T) { // E6
	bubble(t, func(t *testing.T) {
		var j journal
		e := call(func() error {
			return exitpool.Use(t.Context(), exitpool.Race(j.resource("a", time.Hour),
				func(context.Context, *exitpool.ExitStack) (string, error) { panic("racer") }),
				func(context.Context, string) error { return nil })
		})
		assert.Equal(t, "racer", asPanic(t, e.panic).Value)
		assert.Empty(t, j.all())
	})
}

func TestRacersThatSucceedTogetherYieldOneWinner(t *testing.T) { // R12
	for range 200 {
		var held atomic.Int32
		racer := func(ctx context.Context, s *exitpool.ExitStack) (int32, error) {
			held.Add(1)
			s.Defer(func(context.Context) error { held.Add(-1); return nil })
			return 1, nil
		}
		require.NoError(t, exitpool.Use(t.Context(), exitpool.Race(racer, racer, racer, racer), func(context.Context, int32) error { return nil }))
		require.Zero(t, held.Load())
	}
}

func TestAMemberTakesAtMost256Bytes(t *testing.T) { // R9
	assert.LessOrEqual(t, unsafe.Sizeof(exitpool.Entry[int]{}), uintptr(256))
	assert.LessOrEqual(t, unsafe.Sizeof(exitpool.Entry[*int]{}), uintptr(256))
}

func TestAMillionMembers(t *testing.T) { // R9
	n := 1_000_000
	if testing.Short() {
		n = 10_000
	}
	var released atomic.Int64
	require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		for range n {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error { released.Add(1); return nil })
				return 0, nil
			})
		}
		if err := p.Wait(ctx); err != nil {
			return err
		}
		assert.Eventually(t, func() bool { return runtime.NumGoroutine() < 50 }, time.Minute, time.Millisecond, "no goroutine per held resource")
		return nil
	}))
	assert.EqualValues(t, n, released.Load())
}

func TestCancelRacingWithSuccessNeverLeaks(t *testing.T) { // R2
	for i := range 2000 {
		ctx, cancel := context.WithCancel(t.Context())
		var held atomic.Int32
		r := func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			held.Add(1)
			s.Defer(func(context.Context) error { held.Add(-1); return nil })
			return 1, nil
		}
		var wg sync.WaitGroup
		wg.Go(cancel)
		err := exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
			e := exitpool.Start(p, r)
			if i%3 == 0 {
				p.Cancel(errBoom)
			}
			if err := p.Wait(ctx); err != nil {
				return err
			}
			if v := e.Value(); v != 1 {
				return errors.New("not held")
			}
			return nil
		})
		wg.Wait()
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, errBoom) {
			require.NoError(t, err)
		}
		require.Zero(t, held.Load())
	}
}

func TestReleaseOfAMemberThatHasFailedWaitsForItsUnwinding(t *testing.T) { // R10, R3
	bubble(t, func(t *testing.T) {
		var j journal
		p, ctx := exitpool.NewPool(t.Context())
		e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { time.Sleep(time.Second); j.add("unwound"); return nil })
			return 0, errBoom
		}, exitpool.Name("e"))
		synctest.Wait()
		assert.NoError(t, e.Release(), "the pool reports it")
		assert.Equal(t, []string{"unwound"}, j.all())
		assert.EqualError(t, p.Wait(ctx), "acquire e: boom")
		assert.EqualError(t, p.Close(), "acquire e: boom")
	})
}

func TestAFailedReleaseOfALoserIsReportedOnceWhenNobodyWins(t *testing.T) { // R12, E2
	bubble(t, func(t *testing.T) {
		err := exitpool.Use(t.Context(), exitpool.Quorum(3, value(""), failing(time.Second, errBoom),
			func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				s.Defer(fails(errOther))
				<-ctx.Done()
				return "", ctx.Err()
			}), func(context.Context, []string) error { return nil })
		assert.ErrorIs(t, err, errBoom)
		assert.Equal(t, 1, strings.Count(err.Error(), "other"), err)
	})
}
