package exitpool_test

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"runtime/trace"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEverythingBlocksDurably(t *testing.T) { // S1
	bubble(t, func(t *testing.T) {
		// Each of these waits for an hour of virtual time; were one of them not
		// durably blocked, time would not pass and the bubble would hang.
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Limit(1), exitpool.Grace(2*time.Hour), exitpool.Abandon(time.Hour))
		var j journal
		e := exitpool.Start(p, j.stubborn("a", time.Hour), exitpool.AcquireTimeout(3*time.Hour))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) { return e.Get(ctx) })
		go e.Get(ctx)
		require.NoError(t, p.Wait(ctx))
		p.Defer(func(context.Context) error { time.Sleep(time.Hour); return nil })
		go p.Close()
		synctest.Wait()
		require.NoError(t, p.Close())
		s, ctx := exitpool.NewStack(t.Context())
		go exitpool.Enter(ctx, s, j.stubborn("b", time.Hour))
		synctest.Wait()
		require.NoError(t, s.Close())
	})
}

func TestNoUserCodeRunsUnderALock(t *testing.T) { // S2, section 7: callback under the lock
	bubble(t, func(t *testing.T) {
		var s *exitpool.ExitStack
		var p *exitpool.ExitPool
		touch := func() { // every one of these takes the lock
			s.Cancel(errBoom)
			p.Cancel(errBoom)
			p.Status()
			s.Defer(func(context.Context) error { return nil })
			p.Defer(func(context.Context) error { return nil })
		}
		observe := exitpool.Observe(func(ev exitpool.Event) {
			if !ev.Done {
				p.Status()
				s.Cancel(errBoom)
			}
		})
		s, _ = exitpool.NewStack(t.Context(), observe)
		ctx := t.Context()
		p = s.Pool(ctx)
		err := &reentrant{touch: touch}
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			touch()
			s.Defer(func(context.Context) error { touch(); return err })
			return 0, nil
		})
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return 0, err })
		p.Wait(ctx)
		s.Go(func(context.Context) error { touch(); return err })
		s.Push(func(context.Context, error) error { touch(); return err })
		assert.Error(t, s.Exit(err))
	})
}

// reentrant is an error whose methods use the scope.
type reentrant struct{ touch func() }

func (e *reentrant) Error() string   { return "reentrant" }
func (e *reentrant) Is(error) bool   { e.touch(); return false }
func (e *reentrant) Unwrap() []error { e.touch(); return nil }

// ours counts the goroutines that the library has started.
func ours() int {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	return bytes.Count(buf, []byte("created by github.com/exitpool/exitpool.")) +
		bytes.Count(buf, []byte("created by github.com/exitpool/exitpool/internal/"))
}

func TestNoGoroutineBeforeItIsNeededAndNoneWhileHeld(t *testing.T) { // S3, R8
	bubble(t, func(t *testing.T) {
		before := ours()
		s, ctx := exitpool.NewStack(t.Context())
		p := s.Pool(ctx)
		p.Defer(func(context.Context) error { return nil })
		_, err := exitpool.Enter(ctx, s, value(1))
		require.NoError(t, err)
		assert.LessOrEqual(t, ours(), before)
		for range 100 {
			exitpool.Start(p, value(1))
		}
		require.NoError(t, p.Wait(ctx))
		synctest.Wait()
		assert.LessOrEqual(t, ours(), before)
		require.NoError(t, s.Close())
		assert.LessOrEqual(t, ours(), before)
	})
}

func TestWhenExitReturnsEveryGoroutineHasEnded(t *testing.T) { // R8
	for range 50 {
		bubble(t, func(t *testing.T) {
			before := ours()
			ctx, cancel := context.WithCancel(t.Context())
			var j journal
			p, ctx := exitpool.NewPool(ctx, exitpool.Grace(time.Hour))
			for range 10 {
				exitpool.Start(p, j.resource("a", 1), exitpool.AcquireTimeout(time.Minute))
			}
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Go(untilDone)
				s.Defer(func(context.Context) error { time.Sleep(time.Nanosecond); return nil })
				return exitpool.Enter(ctx, s, value(1))
			})
			require.NoError(t, p.Wait(ctx))
			exitpool.Start(p, j.resource("cut off", time.Hour))
			cancel()
			assert.ErrorIs(t, p.Close(), context.Canceled)
			synctest.Wait() // for a goroutine that has only its return left
			assert.LessOrEqual(t, ours(), before)
		})
	}
}

func TestTraceRegionsWhenTracingIsOn(t *testing.T) { // S4
	var out bytes.Buffer
	require.NoError(t, trace.Start(&out))
	err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, value(1), exitpool.Name("traced-vm"))
		p.Defer(closeOf)
		return p.Wait(ctx)
	})
	trace.Stop()
	require.NoError(t, err)
	data, _ := io.ReadAll(&out)
	assert.Contains(t, string(data), "acquire traced-vm")
	assert.Contains(t, string(data), "release traced-vm")
	assert.Contains(t, string(data), "release exitpool_test.closeOf#1")
}

func TestEventsComeInPairs(t *testing.T) { // S5
	bubble(t, func(t *testing.T) {
		var seen events
		require.NoError(t, exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(func(context.Context) error { return nil })
			s.Go(untilDone)
			p := s.Pool(ctx)
			db := exitpool.Start(p, (&journal{}).resource("db", time.Second), exitpool.Name("db"))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				s.Defer(func(context.Context) error { return nil })
				s.Defer(func(context.Context) error { return nil })
				if _, err := exitpool.Enter(ctx, s, value(1), exitpool.Name("inner")); err != nil {
					return "", err
				}
				return db.Get(ctx)
			}, exitpool.Name("api"))
			return p.Wait(ctx)
		}, exitpool.Observe(seen.observe)))
		type pair struct {
			op exitpool.Op
			id uint64
		}
		begun := map[pair]exitpool.Event{}
		ids := map[string]uint64{}
		names := map[string]int{}
		for _, ev := range seen.all {
			k := pair{ev.Op, ev.ID}
			assert.NotZero(t, ev.ID)
			if !ev.Done {
				assert.NotContains(t, begun, k)
				assert.Zero(t, ev.Elapsed)
				begun[k] = ev
				names[string(ev.Op)+" "+ev.Name]++
				ids[ev.Name] = ev.ID
				continue
			}
			b := begun[k]
			assert.Equal(t, b.Name, ev.Name)
			assert.Equal(t, b.Start, ev.Start)
			assert.Equal(t, b.Parent, ev.Parent)
			delete(begun, k)
			if ev.Name == "api" && ev.Op == exitpool.OpAcquire {
				assert.Equal(t, []uint64{ids["db"]}, ev.Uses)
				assert.Equal(t, time.Second, ev.Elapsed)
				assert.Zero(t, ev.Parent)
			}
			if ev.Name == "inner" {
				assert.Equal(t, ids["api"], ev.Parent)
			}
		}
		assert.Empty(t, begun)
		for _, once := range []string{"acquire db", "acquire api", "acquire inner", "release db", "release api", "release inner", "run exitpool_test.untilDone#1"} {
			assert.Equal(t, 1, names[once], once)
		}
		assert.Len(t, names, 8, "and the function on the stack itself: %v", names)
	})
}

func TestAnObserverThatPanicsIsAPanicOfTheScope(t *testing.T) { // S5, E6
	bubble(t, func(t *testing.T) {
		for _, breaks := range []func(){func() { panic("observer") }, runtime.Goexit} {
			for _, op := range []exitpool.Op{exitpool.OpAcquire, exitpool.OpRelease, exitpool.OpRun} {
				for _, done := range []bool{false, true} {
					var j journal
					e := call(func() error {
						return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
							p.Defer(j.release("function"))
							exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
								s.Defer(j.release("member"))
								s.Go(untilDone)
								return 1, nil
							}, exitpool.Name("member"))
							return p.Wait(ctx)
						}, exitpool.Observe(func(ev exitpool.Event) {
							if ev.Op == op && ev.Done == done && ev.Name == "member" {
								breaks()
							}
						}))
					})
					if e.panic != nil {
						assert.Equal(t, "observer", asPanic(t, e.panic).Value)
					} else {
						assert.True(t, e.goexit, "%s %v", op, done)
					}
					if op == exitpool.OpRelease || done {
						assert.Equal(t, 1, j.count("release member"), "%s %v", op, done)
					}
					assert.Equal(t, 1, j.count("release function"))
				}
			}
		}
	})
}

func TestStatusNamesTheOneThatHangs(t *testing.T) { // section 3: Status
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Limit(2))
		slow := exitpool.Start(p, (&journal{}).resource("slow", time.Hour), exitpool.Name("slow"))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) { return slow.Get(ctx) }, exitpool.Name("waits"))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
			s.Defer(func(context.Context) error { time.Sleep(time.Hour); return nil })
			return "", sleep(ctx, 30*time.Minute)
		}, exitpool.Name("brief"))
		exitpool.Start(p, (&journal{}).resource("", time.Hour), exitpool.Name("queued"))
		start := time.Now()
		synctest.Wait()
		states := func() map[string]string {
			m := map[string]string{}
			for _, st := range p.Status() {
				m[st.Name] = string(st.State)
				for _, name := range st.WaitsFor {
					m[st.Name] += " " + name
				}
			}
			return m
		}
		assert.Equal(t, map[string]string{"slow": "acquiring", "waits": "waiting slow", "brief": "acquiring", "queued": "queued"}, states())
		assert.True(t, p.Status()[0].Since.Equal(start))
		time.Sleep(45 * time.Minute)
		assert.Equal(t, "held", states()["brief"])
		assert.True(t, p.Status()[2].Since.Equal(start.Add(30*time.Minute)))
		require.NoError(t, p.Wait(ctx))
		var wg sync.WaitGroup
		wg.Go(func() { assert.NoError(t, p.Close()) })
		synctest.Wait()
		assert.Equal(t, "releasing", states()["brief"])
		wg.Wait()
		assert.Empty(t, p.Status())
	})
}

func TestAClosedResourceAndAnAcquireReleasePair(t *testing.T) { // section 3
	var j journal
	c := &nilCloser{}
	require.NoError(t, exitpool.Use(t.Context(), exitpool.Closing(func(context.Context) (*nilCloser, error) { return c, nil }),
		func(ctx context.Context, got *nilCloser) error { assert.False(t, got.closed); return nil }))
	assert.True(t, c.closed)
	r := func(err error) exitpool.Resource[int] {
		return exitpool.AcquireRelease(func(context.Context) (int, error) { return 7, err },
			func(_ context.Context, v int) error { j.add("release %d", v); return nil })
	}
	body := func(_ context.Context, v int) error { assert.Equal(t, 7, v); return nil }
	require.NoError(t, exitpool.Use(t.Context(), r(nil), body))
	assert.Equal(t, errBoom, exitpool.Use(t.Context(), r(errBoom), body))
	assert.Equal(t, []string{"release 7"}, j.all())
	assert.Equal(t, errBoom, exitpool.Use(t.Context(), exitpool.Closing(func(context.Context) (*nilCloser, error) { return nil, errBoom }),
		func(context.Context, *nilCloser) error { return nil }))
}

func TestTheEventOfALateAcquisitionsReleaseHasItsOwnError(t *testing.T) { // S5, R2
	bubble(t, func(t *testing.T) {
		var seen events
		var p *exitpool.ExitPool
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Observe(func(ev exitpool.Event) {
			seen.observe(ev)
			if ev.Op == exitpool.OpAcquire && ev.Done {
				p.Cancel(errBoom)
			}
		}))
		exitpool.Start(p, (&journal{}).resource("late", 0))
		assert.Equal(t, errBoom, p.Wait(ctx))
		assert.Equal(t, errBoom, p.Close())
		assert.Len(t, seen.all, 4, "it was acquired, and released")
		assert.Empty(t, seen.errs())
	})
}

func TestTheEventOfAnAbandonedReleaseSaysSo(t *testing.T) { // S5, B3
	bubble(t, func(t *testing.T) {
		var seen events
		stuck := make(chan struct{})
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Abandon(time.Second), exitpool.Observe(seen.observe))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { <-stuck; return nil })
			return 1, nil
		}, exitpool.Name("vm"))
		require.NoError(t, p.Wait(ctx))
		assert.EqualError(t, p.Close(), "abandoned vm")
		require.Len(t, seen.errs(), 1)
		assert.EqualError(t, seen.errs()[0], "abandoned vm")
		close(stuck)
	})
}
