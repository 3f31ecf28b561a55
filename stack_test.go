package exitpool_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReleasesRunNewestFirstWhateverTheirKind(t *testing.T) { // R4
	bubble(t, func(t *testing.T) {
		var j journal
		s, ctx := exitpool.NewStack(t.Context())
		s.Defer(j.release("defer"))
		s.Push(func(context.Context, error) error { j.add("push"); return nil })
		_, err := exitpool.Enter(ctx, s, j.resource("enter", 0))
		require.NoError(t, err)
		s.Go(func(ctx context.Context) error {
			<-ctx.Done()
			j.add("task")
			return nil
		})
		p := s.Pool(ctx)
		p.Defer(j.release("pool"))
		s.DeferClose(closeFunc(func() error { j.add("close"); return nil }))
		require.NoError(t, s.Close())
		assert.Equal(t, []string{"acquire enter", "close", "release pool", "task", "release enter", "push", "release defer"}, j.all())
	})
}

type closeFunc func() error

func (f closeFunc) Close() error { return f() }

func TestAZeroStackIsReadyToUse(t *testing.T) { // R4
	var s exitpool.ExitStack
	var j journal
	s.Defer(j.release("a"))
	v, err := exitpool.Enter(t.Context(), &s, j.resource("b", 0))
	require.NoError(t, err)
	assert.Equal(t, "b", v)
	s.Cancel(errBoom)
	assert.Equal(t, errBoom, s.Close())
	assert.Equal(t, []string{"acquire b", "release b", "release a"}, j.all())
}

func TestEveryReleaseRunsOnceThoughOthersPanicExitOrFail(t *testing.T) { // R1
	bubble(t, func(t *testing.T) {
		var j journal
		s, _ := exitpool.NewStack(t.Context())
		s.Defer(j.release("a"))
		s.Defer(func(context.Context) error { j.add("panics"); panic("first") })
		s.Defer(j.release("b"))
		s.Defer(func(context.Context) error { j.add("exits"); runtime.Goexit(); return nil })
		s.Defer(func(context.Context) error { j.add("exits again"); runtime.Goexit(); return nil })
		s.Defer(func(context.Context) error { j.add("fails"); return errBoom })
		e := call(s.Close)
		p := asPanic(t, e.panic)
		assert.Equal(t, "first", p.Value)
		assert.ErrorIs(t, p, errBoom)
		assert.ErrorIs(t, p, exitpool.ErrGoexit)
		assert.Equal(t, []string{"fails", "exits again", "exits", "release b", "panics", "release a"}, j.all())
	})
}

func TestAFailedResourceReleasesWhatItHadRegisteredAndIsNotReleasedItself(t *testing.T) { // R3
	bubble(t, func(t *testing.T) {
		var j journal
		var told error
		s, ctx := exitpool.NewStack(t.Context())
		_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(j.release("first"))
			s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
			s.Defer(j.release("second"))
			return 0, errBoom
		})
		assert.Equal(t, errBoom, err)
		assert.Equal(t, errBoom, told)
		assert.Equal(t, []string{"release second", "release first"}, j.all())
		require.NoError(t, s.Close())
		assert.Len(t, j.all(), 2)
	})
}

func TestAReleaseThatFailsWhileAnAcquisitionIsUnwoundIsKept(t *testing.T) { // R3, E2
	s, ctx := exitpool.NewStack(t.Context())
	_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		s.Defer(func(context.Context) error { return errOther })
		s.Push(func(context.Context, error) error { return exitpool.Suppress })
		return 0, errBoom
	}, exitpool.Name("vm"))
	assert.EqualError(t, err, "acquire vm: boom; release vm: other")
	require.NoError(t, s.Close())
}

func TestALateSuccessOfEnterIsReleasedBeforeItReturns(t *testing.T) { // R2, R12
	bubble(t, func(t *testing.T) {
		for _, end := range []string{"Exit", "Cancel", "caller"} {
			var j journal
			ctx, cancel := context.WithCancelCause(t.Context())
			s, ctx := exitpool.NewStack(ctx)
			entered := make(chan error)
			go func() {
				_, err := exitpool.Enter(ctx, s, j.stubborn("slow", time.Second))
				j.add("Enter returns")
				entered <- err
			}()
			synctest.Wait()
			exited := make(chan error)
			switch end {
			case "Exit":
				go func() { err := s.Close(); j.add("Exit returns"); exited <- err }()
				assert.ErrorIs(t, <-entered, exitpool.ErrClosed)
				require.NoError(t, <-exited)
			case "Cancel":
				s.Cancel(errBoom)
				assert.Equal(t, errBoom, <-entered)
				assert.Equal(t, errBoom, s.Close())
			case "caller":
				cancel(errOther)
				err := <-entered
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorIs(t, err, errOther)
				require.NoError(t, s.Close())
			}
			assert.Equal(t, []string{"acquire slow", "release slow"}, j.all()[:2], end)
			cancel(nil)
		}
	})
}

func TestExitWaitsForEnterInFlightAndCancelsItFirst(t *testing.T) { // R12
	bubble(t, func(t *testing.T) {
		var j journal
		s, ctx := exitpool.NewStack(t.Context())
		s.Defer(j.release("older"))
		go func() {
			_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				<-ctx.Done()
				time.Sleep(time.Second)
				j.add("cut off: %v", context.Cause(ctx))
				return 0, ctx.Err()
			})
			assert.ErrorIs(t, err, exitpool.ErrClosed)
		}()
		synctest.Wait()
		assert.Equal(t, errBody, s.Exit(errBody))
		assert.Equal(t, []string{"cut off: body", "release older"}, j.all())
	})
}

func TestAFailedEnterBelongsToItsCaller(t *testing.T) { // R12
	var bodyCtx context.Context
	err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
		_, err := exitpool.Enter(ctx, s, failing(0, errBoom))
		assert.Equal(t, errBoom, err)
		_, err = exitpool.Enter(ctx, s, exitpool.Gather(failing(0, errBoom), value("x")))
		assert.ErrorIs(t, err, errBoom)
		bodyCtx = ctx
		assert.NoError(t, ctx.Err())
		v, err := exitpool.Enter(ctx, s, value(7))
		assert.NoError(t, err)
		assert.Equal(t, 7, v)
		return nil
	})
	assert.NoError(t, err)
	assert.Equal(t, exitpool.ErrClosed, context.Cause(bodyCtx))
}

func TestRegisteringDuringExitRunsNext(t *testing.T) { // R6
	var j journal
	s, _ := exitpool.NewStack(t.Context())
	s.Defer(j.release("oldest"))
	s.Defer(func(ctx context.Context) error {
		s.Defer(j.release("late"))
		_, err := exitpool.Enter(ctx, s, j.resource("never", 0))
		assert.Equal(t, exitpool.ErrClosed, err)
		s.Go(func(context.Context) error { t.Error("started"); return nil })
		assert.NoError(t, s.PopAll().Close())
		p := s.Pool(ctx)
		_, err = exitpool.Start(p, j.resource("never", 0)).Get(ctx)
		assert.Equal(t, exitpool.ErrClosed, err)
		return nil
	})
	require.NoError(t, s.Close())
	assert.Equal(t, []string{"release late", "release oldest"}, j.all())
}

func TestRegisteringAfterExitRunsAtOnceToldTheOutcome(t *testing.T) { // R6
	var seen events
	s, _ := exitpool.NewStack(t.Context(), exitpool.Observe(seen.observe))
	assert.Equal(t, errBody, s.Exit(errBody))
	ran := false
	s.Push(func(_ context.Context, cause error) error {
		ran = true
		assert.Equal(t, errBody, cause)
		return errBoom
	})
	assert.True(t, ran)
	assert.Contains(t, seen.errs(), errBoom)
	closed := 0
	s.DeferClose(closeFunc(func() error { closed++; return nil }))
	s.Defer(func(context.Context) error { closed++; return nil })
	assert.Equal(t, 2, closed)
	assert.PanicsWithValue(t, "late", func() {
		var s exitpool.ExitStack
		s.Close()
		s.Defer(func(context.Context) error { panic("late") })
	}) // E6
	_, err := exitpool.Start(s.Pool(t.Context()), value(1)).Get(t.Context())
	assert.Equal(t, exitpool.ErrClosed, err)
}

func TestASecondExitWaitsAndReturnsTheSame(t *testing.T) { // R7
	bubble(t, func(t *testing.T) {
		s, _ := exitpool.NewStack(t.Context())
		s.Defer(func(context.Context) error { time.Sleep(time.Second); return errBoom })
		results := make(chan error, 10)
		for range 10 {
			go func() { results <- s.Close() }()
		}
		synctest.Wait()
		assert.Empty(t, results)
		first := <-results
		assert.ErrorIs(t, first, errBoom)
		for range 9 {
			assert.True(t, <-results == first)
		}
		assert.True(t, s.Close() == first)
		own := s.Exit(errBody)
		assert.ErrorIs(t, own, errBody)
		assert.ErrorIs(t, own, errBoom)
		assert.True(t, s.Exit(errBoom) == first)
		err := errOther
		s.Unwind(&err)
		assert.ErrorIs(t, err, errOther)
		assert.ErrorIs(t, err, errBoom)
	})
}

func TestAMillionEntriesNeedAConstantGoroutineStack(t *testing.T) { // R9
	const million = 1_000_000
	var s exitpool.ExitStack
	ran, depth := 0, 0
	pcs := make([]uintptr, 100)
	for range million {
		s.Defer(func(context.Context) error {
			ran++
			depth = max(depth, runtime.Callers(0, pcs))
			return nil
		})
	}
	require.NoError(t, s.Close())
	assert.Equal(t, million, ran)
	assert.Less(t, depth, 30)
	var exits exitpool.ExitStack
	for i := range 1000 {
		exits.Defer(func(context.Context) error {
			depth = max(depth, runtime.Callers(0, pcs))
			switch i % 2 {
			case 0:
				runtime.Goexit()
			default:
				panic(i)
			}
			return nil
		})
	}
	asPanic(t, call(exits.Close).panic)
	assert.Less(t, depth, 40)
}

func TestPopAllMovesEverythingAndLeavesTheSourceOpen(t *testing.T) { // R11
	bubble(t, func(t *testing.T) {
		var j journal
		s, ctx := exitpool.NewStack(t.Context())
		s.Defer(j.release("a"))
		_, err := exitpool.Enter(ctx, s, j.resource("b", 0))
		require.NoError(t, err)
		moved := s.PopAll()
		require.NoError(t, ctx.Err())
		s.Defer(j.release("c"))
		require.NoError(t, s.Close())
		assert.Equal(t, []string{"acquire b", "release c"}, j.all())
		require.NoError(t, ctx.Err(), "the scope's context moves too")
		require.NoError(t, moved.Close())
		assert.Equal(t, []string{"acquire b", "release c", "release b", "release a"}, j.all())
		assert.Equal(t, exitpool.ErrClosed, context.Cause(ctx))
	})
}

func TestTheDeathOfAMovedTaskEndsTheNewStack(t *testing.T) { // R11, F2
	bubble(t, func(t *testing.T) {
		die := make(chan struct{})
		s, ctx := exitpool.NewStack(t.Context())
		s.Go(func(context.Context) error { <-die; return errBoom })
		_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Go(func(context.Context) error { <-die; return errOther })
			return 0, nil
		})
		require.NoError(t, err)
		p := s.Pool(ctx)
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Go(func(context.Context) error { <-die; return errBody })
			return 0, nil
		})
		require.NoError(t, p.Wait(ctx))
		moved := s.PopAll()
		close(die)
		synctest.Wait()
		assert.Error(t, ctx.Err())
		require.NoError(t, s.Close())
		err = moved.Close()
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorIs(t, err, errOther)
		assert.ErrorIs(t, err, errBody)
	})
}

func TestPopAllRacingWithExitLeavesEveryEntryOnOneSide(t *testing.T) { // R11
	for range 200 {
		var s exitpool.ExitStack
		var mu sync.Mutex
		ran := map[int]int{}
		const n = 20
		for i := range n {
			s.Defer(func(context.Context) error { mu.Lock(); ran[i]++; mu.Unlock(); return nil })
		}
		var wg sync.WaitGroup
		wg.Go(func() { assert.NoError(t, s.Close()) })
		wg.Go(func() { assert.NoError(t, s.PopAll().Close()) })
		wg.Wait()
		require.Len(t, ran, n)
		for i := range n {
			require.Equal(t, 1, ran[i])
		}
	}
}

func TestRegisteringRacingWithExitRunsOnce(t *testing.T) { // R1, R6
	for range 200 {
		var s exitpool.ExitStack
		p := s.Pool(t.Context())
		var mu sync.Mutex
		ran := 0
		count := func(context.Context) error { mu.Lock(); ran++; mu.Unlock(); return nil }
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { s.Defer(count); p.Defer(count) })
		}
		wg.Go(func() { assert.NoError(t, s.Close()) })
		wg.Wait()
		require.NoError(t, s.Close())
		require.Equal(t, 8, ran)
	}
}

func TestALongLivedStackForgetsWhatHasEnded(t *testing.T) { // R8
	var s exitpool.ExitStack
	var before, after runtime.MemStats
	run := func(n int) {
		for range n {
			done := make(chan struct{})
			s.Go(func(context.Context) error { close(done); return nil })
			<-done
			require.NoError(t, s.Pool(t.Context()).Close())
			require.Equal(t, errBody, s.Pool(t.Context()).Exit(errBody))
		}
		runtime.GC()
	}
	run(100)
	runtime.ReadMemStats(&before)
	run(20_000)
	runtime.ReadMemStats(&after)
	assert.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(1<<20))
	require.NoError(t, s.Close())
}

func TestUnwindTellsReturnPanicAndGoexitApart(t *testing.T) { // X1, E6, R7
	tests := []struct {
		name string
		body func() error
		told func(*testing.T, error)
	}{
		{"return", func() error { return nil }, func(t *testing.T, err error) { assert.NoError(t, err) }},
		{"error", func() error { return errBody }, func(t *testing.T, err error) { assert.Equal(t, errBody, err) }},
		{"panic", func() error { panic(errBoom) }, func(t *testing.T, err error) {
			assert.Equal(t, errBoom, asPanic(t, err).Value)
			assert.ErrorIs(t, err, errBoom)
		}},
		{"Goexit", func() error { runtime.Goexit(); return nil }, func(t *testing.T, err error) { assert.Equal(t, exitpool.ErrGoexit, err) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var told error = errOther
			var s *exitpool.ExitStack
			e := call(func() (err error) {
				s, _ = exitpool.NewStack(t.Context())
				defer s.Unwind(&err)
				s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
				return test.body()
			})
			test.told(t, told)
			assert.Equal(t, test.name == "Goexit", e.goexit)
			if test.name == "panic" {
				assert.Equal(t, errBoom, e.panic)
			}
			switch test.name {
			case "Goexit":
				assert.Equal(t, exitpool.ErrGoexit, s.Close())
			case "panic":
				assert.ErrorIs(t, s.Close(), errBoom)
			}
		})
	}
}

func TestAnExitOfAResourcesOwnStackReleasesOnce(t *testing.T) { // R1, R7
	var j journal
	s, ctx := exitpool.NewStack(t.Context())
	var inner *exitpool.ExitStack
	_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		inner = s
		s.Defer(j.release("a"))
		return 0, s.Close()
	})
	require.NoError(t, err)
	require.NoError(t, ctx.Err())
	require.NoError(t, s.Close())
	inner.Defer(j.release("late"))
	assert.Equal(t, []string{"release a", "release late"}, j.all())
}

func TestUnwindWithoutAPointerPanicsAfterTheReleases(t *testing.T) { // B5
	var j journal
	assert.PanicsWithValue(t, "exitpool: Unwind: nil error pointer", func() {
		var s exitpool.ExitStack
		defer s.Unwind(nil)
		s.Defer(j.release("a"))
	})
	assert.Equal(t, []string{"release a"}, j.all())
}

func TestABodyPanicGoesOnWithItsOwnValueThoughReleasesBreak(t *testing.T) { // E6
	var seen events
	e := call(func() error {
		return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(func(context.Context) error { return errOther })
			s.Defer(func(context.Context) error { runtime.Goexit(); return nil })
			s.Defer(func(context.Context) error { panic("release") })
			panic(errBoom)
		}, exitpool.Observe(seen.observe))
	})
	assert.Equal(t, errBoom, e.panic)
	assert.ErrorIs(t, errors.Join(seen.errs()...), errOther)
}

func TestPopAllInsideAResourceHandsOverWhatItHasBuilt(t *testing.T) { // R11
	var j journal
	var built *exitpool.ExitStack
	var s exitpool.ExitStack
	_, err := exitpool.Enter(t.Context(), &s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		s.Defer(j.release("part"))
		built = s.PopAll()
		s.Defer(j.release("rest"))
		return 0, nil
	})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	assert.Equal(t, []string{"release rest"}, j.all())
	require.NoError(t, built.Close())
	assert.Equal(t, []string{"release rest", "release part"}, j.all())
}
