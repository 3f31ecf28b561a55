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
	"weak"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Functions that are registered on a pool are members like others, although most of them
// have no member of their own.

func TestFunctionsAndMembersOfAPoolAreReleasedAtOnce(t *testing.T) { // R5
	bubble(t, func(t *testing.T) {
		const n = 100
		second := func(context.Context) error { time.Sleep(time.Second); return nil }
		p, ctx := exitpool.NewPool(t.Context())
		for range n {
			p.Defer(second)
			p.DeferClose(closeFunc(func() error { return second(nil) }))
			p.Push(func(ctx context.Context, _ error) error { return second(ctx) })
			exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(second)
				return 0, nil
			})
		}
		require.NoError(t, p.Wait(ctx))
		assert.Equal(t, time.Second, elapsed(func() { assert.NoError(t, p.Close()) }))
	})
}

func TestStatusTellsOfFunctionsInTheOrderInWhichTheyAndTheMembersCame(t *testing.T) {
	for name, opts := range map[string][]exitpool.Option{
		"observed": {exitpool.Observe(func(exitpool.Event) {})},
		"bounded":  {exitpool.Grace(time.Hour)},
		"free":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				began := time.Now()
				held, other := make(chan struct{}), make(chan struct{})
				p, ctx := exitpool.NewPool(t.Context(), opts...)
				p.Defer(func(context.Context) error { <-other; return nil })
				time.Sleep(time.Second)
				exitpool.Start(p, value(1), exitpool.Name("member"))
				require.NoError(t, p.Wait(ctx))
				time.Sleep(time.Second)
				p.DeferClose(closeFunc(func() error { <-held; return nil }))
				time.Sleep(time.Second)

				status := p.Status()
				require.Len(t, status, 3)
				assert.Regexp(t, `^exitpool_test\.Test.*#0$`, status[0].Name)
				assert.Equal(t, "member", status[1].Name)
				assert.Equal(t, "(exitpool_test.closeFunc).Close#2", status[2].Name)
				for i, st := range status {
					assert.Equal(t, exitpool.State("held"), st.State)
					assert.Equal(t, time.Duration(i)*time.Second, st.Since.Sub(began), i)
				}

				exited := make(chan error)
				go func() { exited <- p.Close() }()
				synctest.Wait()
				close(other)
				synctest.Wait()
				status = p.Status()
				require.Len(t, status, 1, "the others are gone")
				assert.Equal(t, "(exitpool_test.closeFunc).Close#2", status[0].Name)
				assert.Equal(t, isReleasing, status[0].State)
				assert.Equal(t, 3*time.Second, status[0].Since.Sub(began))
				close(held)
				require.NoError(t, <-exited)
				assert.Empty(t, p.Status())
			})
		})
	}
}

func TestWhatFunctionsFailWithStandsInTheOrderOfRegistration(t *testing.T) { // E1, E4
	bubble(t, func(t *testing.T) {
		fails := func(after time.Duration, text string) func(context.Context) error {
			return func(context.Context) error { time.Sleep(after); return errors.New(text) }
		}
		p, ctx := exitpool.NewPool(t.Context())
		p.Defer(fails(3*time.Second, "first"))
		exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(fails(2*time.Second, "second"))
			return 0, nil
		}, exitpool.Name("member"))
		p.DeferClose(closeFunc(func() error { return fails(time.Second, "third")(nil) }))
		require.NoError(t, p.Wait(ctx))
		var all *exitpool.ExitError
		require.ErrorAs(t, p.Exit(errBody), &all)
		assert.Equal(t, errBody, all.Cause)
		require.Len(t, all.Failures, 3)
		for i, want := range []string{`^release exitpool_test\.Test.*#0: first$`, `^release member: second$`, `^release \(exitpool_test\.closeFunc\)\.Close#2: third$`} {
			assert.Regexp(t, want, all.Failures[i].Error())
		}
	})
}

func TestFunctionsOfAPoolInsideAReleaseTimeoutAreToldThatItIsOver(t *testing.T) { // B4
	bubble(t, func(t *testing.T) {
		var began time.Time
		var status []exitpool.Status
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, outer *exitpool.ExitPool) error {
			exitpool.Start(outer, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				p := s.Pool(ctx)
				p.Defer(func(ctx context.Context) error {
					status = p.Status()
					<-ctx.Done()
					assert.Equal(t, time.Second, time.Since(began))
					return context.Cause(ctx)
				})
				p.Push(func(ctx context.Context, _ error) error { <-ctx.Done(); return nil })
				p.Defer(func(ctx context.Context) error { <-ctx.Done(); return nil })
				return 0, nil
			}, exitpool.Name("member"), exitpool.ReleaseTimeout(time.Second))
			err := outer.Wait(ctx)
			began = time.Now()
			return err
		})
		assert.ErrorIs(t, err, exitpool.ErrGrace)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, status, 3)
		for _, st := range status {
			assert.Equal(t, 1, strings.Count(err.Error(), st.Name+": exitpool: grace period over"), err)
		}
		for i, end := range []string{"#0", "#1", "#2"} {
			assert.Contains(t, status[i].Name, end, "in the order of registration")
		}
	})
}

func TestFunctionsOfAPoolHaveTheirShareOfTheLimit(t *testing.T) { // B1
	bubble(t, func(t *testing.T) {
		var now, most atomic.Int64
		p, _ := exitpool.NewPool(t.Context(), exitpool.Limit(2))
		for range 10 {
			p.Defer(func(context.Context) error {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
				return nil
			})
		}
		assert.Equal(t, 5*time.Second, elapsed(func() { assert.NoError(t, p.Close()) }))
		assert.EqualValues(t, 2, most.Load())
	})
}

func TestAMemberThatHangsInReleasingIsAbandonedAtOnceIfSoWanted(t *testing.T) { // B3
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Abandon(0))
		exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { time.Sleep(time.Hour); return nil })
			return 0, nil
		}, exitpool.Name("stuck"))
		require.NoError(t, p.Wait(ctx))
		assert.Zero(t, elapsed(func() {
			assert.Equal(t, &exitpool.AbandonedError{Names: []string{"stuck"}}, p.Close())
		}))
		time.Sleep(2 * time.Hour) // until it has ended
	})
}

func TestAFunctionThatIsStuckHoldsNoOtherUp(t *testing.T) { // R5
	bubble(t, func(t *testing.T) {
		var j journal
		stuck := make(chan struct{})
		p, ctx := exitpool.NewPool(t.Context())
		p.Defer(func(context.Context) error { <-stuck; return nil })
		p.Defer(j.release("function"))
		exitpool.Start(p, j.resource("member", 0))
		require.NoError(t, p.Wait(ctx))
		exited := make(chan error)
		go func() { exited <- p.Close() }()
		synctest.Wait()
		assert.ElementsMatch(t, []string{"acquire member", "release function", "release member"}, j.all())
		select {
		case <-exited:
			t.Error("Close has not waited")
		default:
		}
		close(stuck)
		assert.NoError(t, <-exited)
	})
}

func TestAnErrorOfAFunctionThatThePoolWasToldIsReportedOnce(t *testing.T) { // E1
	first := errors.New("first")
	var p, inner exitpool.ExitPool
	inner.Defer(func(context.Context) error { return errBoom })
	p.DeferClose(&inner)
	p.Cancel(first)
	p.Cancel(fmt.Errorf("watch: %w", inner.Close()))
	assert.Regexp(t, `^first; watch: release exitpool_test\..*#0: boom$`, p.Exit(nil).Error())
}

func TestAFunctionThatHasBeenReleasedIsForgotten(t *testing.T) { // R10
	bubble(t, func(t *testing.T) {
		stuck := make(chan struct{})
		p, _ := exitpool.NewPool(t.Context())
		p.Defer(func(context.Context) error { <-stuck; return nil })
		big := holdBig(p)
		require.NotNil(t, big.Value())
		exited := make(chan error)
		go func() { exited <- p.Close() }()
		synctest.Wait()
		assert.Len(t, p.Status(), 1)
		runtime.GC()
		assert.Nil(t, big.Value(), "although another is still being released")
		close(stuck)
		require.NoError(t, <-exited)
		runtime.KeepAlive(p)
	})
}

func TestAPoolThatHasExitedHoldsNothingOfItsFunctions(t *testing.T) { // R10
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	p, _ := exitpool.NewPool(t.Context())
	for range 100_000 {
		p.Defer(closeOf)
	}
	require.NoError(t, p.Close())
	assert.Less(t, heap()-before, int64(1<<20))
	runtime.KeepAlive(p)
}

// holdBig registers a function that holds what it returns a weak pointer to.
func holdBig(p *exitpool.ExitPool) weak.Pointer[[1 << 20]byte] {
	big := new([1 << 20]byte)
	p.Defer(func(context.Context) error { big[0] = 1; return nil })
	return weak.Make(big)
}

func TestStatusMayLookWhileFunctionsAreReleased(t *testing.T) { // R1
	for range 20 {
		p, _ := exitpool.NewPool(t.Context())
		var ran atomic.Int64
		for range 1000 {
			p.Defer(func(context.Context) error { ran.Add(1); return nil })
		}
		looks, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for once := sync.OnceFunc(func() { close(looks) }); len(p.Status()) > 0; {
				once()
			}
		}()
		<-looks
		require.NoError(t, p.Close())
		<-done
		require.EqualValues(t, 1000, ran.Load())
	}
}
