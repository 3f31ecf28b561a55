package exitpool_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// using returns a Resource that gets other and takes d besides, in acquiring and
// in releasing.
func using(j *journal, name string, d time.Duration, others ...*exitpool.Entry[string]) exitpool.Resource[string] {
	return func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
		for _, other := range others {
			if _, err := other.Get(ctx); err != nil {
				return "", fmt.Errorf("%s: %w", name, err)
			}
		}
		if err := sleep(ctx, d); err != nil {
			return "", err
		}
		s.Defer(func(context.Context) error { time.Sleep(d); j.add("release %s", name); return nil })
		return name, nil
	}
}

func TestAMemberIsReleasedAfterItsUsers(t *testing.T) { // D1
	bubble(t, func(t *testing.T) {
		var j journal
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			db := exitpool.Start(p, using(&j, "db", 1))
			api := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				s.Defer(func(context.Context) error { time.Sleep(time.Hour); j.add("release api"); return errBoom })
				derived, cancel := context.WithTimeout(context.WithValue(ctx, key("k"), 1), time.Minute)
				defer cancel()
				return db.Get(derived)
			})
			exitpool.Start(p, using(&j, "web", 1, api))
			return p.Wait(ctx)
		})
		assert.ErrorIs(t, err, errBoom)
		assert.Equal(t, []string{"release web", "release api", "release db"}, j.all())
	})
}

func TestReleasesStartTheMomentTheirUsersAreGone(t *testing.T) { // D2: no waves
	bubble(t, func(t *testing.T) {
		var j journal
		start := time.Now()
		var up time.Duration
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			a := exitpool.Start(p, using(&j, "a", 1*time.Second))
			b := exitpool.Start(p, using(&j, "b", 10*time.Second))
			exitpool.Start(p, using(&j, "a2", 8*time.Second, a))
			exitpool.Start(p, using(&j, "b2", 1*time.Second, b))
			err := p.Wait(ctx)
			up = time.Since(start)
			return err
		}))
		assert.Equal(t, 11*time.Second, up)
		assert.Equal(t, 11*time.Second, time.Since(start)-up, "the critical path")
		assert.Equal(t, []string{"release b2", "release a2", "release a", "release b"}, j.all())
	})
}

func TestACircleIsAnErrorThatNamesIt(t *testing.T) { // D3
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			var a, b, c *exitpool.Entry[string]
			ready := make(chan struct{})
			get := func(e **exitpool.Entry[string]) exitpool.Resource[string] {
				return func(ctx context.Context, s *exitpool.ExitStack) (string, error) { <-ready; return (*e).Get(ctx) }
			}
			a = exitpool.Start(p, get(&b), exitpool.Name("a"))
			b = exitpool.Start(p, get(&c), exitpool.Name("b"))
			c = exitpool.Start(p, get(&a), exitpool.Name("c"))
			close(ready)
			return p.Wait(ctx)
		})
		assert.ErrorIs(t, err, exitpool.ErrCycle)
		for _, name := range []string{"a", "b", "c"} {
			assert.ErrorContains(t, err, name)
		}
		var exit *exitpool.ExitError
		assert.False(t, errors.As(err, &exit), "reported once: %v", err)
	})
}

func TestACircleClosedLaterIsAnErrorToo(t *testing.T) { // D3
	require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		var life context.Context
		a := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { life = ctx; return 1, nil }, exitpool.Name("a"))
		b := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return a.Get(ctx) }, exitpool.Name("b"))
		require.NoError(t, p.Wait(ctx))
		_, err := b.Get(life)
		assert.EqualError(t, err, "exitpool: dependency cycle: a -> b -> a")
		_, err = a.Get(life)
		assert.ErrorIs(t, err, exitpool.ErrCycle)
		c := exitpool.Start(p, value(3))
		_, err = c.Get(life)
		assert.NoError(t, err)
		assert.Equal(t, exitpool.ErrInUse, c.Release())
		return nil
	}))
}

func TestWaitInsideAnAcquisitionOfTheSamePoolIsACircle(t *testing.T) { // D3
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				return exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return 0, p.Wait(ctx) })
			}, exitpool.Name("self"))
			return p.Wait(ctx)
		})
		assert.ErrorIs(t, err, exitpool.ErrCycle)
		assert.ErrorContains(t, err, "self")
	})
}

func TestTheFailureOfADependencyIsReportedOnce(t *testing.T) { // D4
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			db := exitpool.Start(p, failing(time.Second, errBoom), exitpool.Name("db"))
			api := exitpool.Start(p, using(nil, "api", 0, db))
			web := exitpool.Start(p, using(nil, "web", 0, api))
			err := p.Wait(ctx)
			_, got := web.Get(context.Background())
			assert.ErrorIs(t, got, errBoom)
			return err
		})
		assert.EqualError(t, err, "acquire db: boom")
		err = exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			db := exitpool.Start(p, failing(time.Second, errBoom), exitpool.Name("db"))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				_, err := db.Get(ctx)
				return 0, errors.Join(err, errOther)
			}, exitpool.Name("api"))
			return p.Wait(ctx)
		})
		assert.ErrorIs(t, err, errOther, "a failure of its own is not dropped")
	})
}

func TestAMemberWaitingInGetGivesItsShareBack(t *testing.T) { // D5, section 7: a limit that counts waiting members
	bubble(t, func(t *testing.T) {
		var j journal
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			var last *exitpool.Entry[string]
			ready := make(chan struct{})
			for range 3 {
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) { <-ready; return last.Get(ctx) })
			}
			// Nested: what waits is inside the member (D7).
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				<-ready
				vs, err := exitpool.Enter(ctx, s, exitpool.Gather(func(ctx context.Context, s *exitpool.ExitStack) (string, error) { return last.Get(ctx) }))
				return vs[0], err
			})
			last = exitpool.Start(p, j.resource("last", time.Second))
			close(ready)
			return p.Wait(ctx)
		}, exitpool.Limit(1)))
	})
}

func TestFromTheBodyGetOnlyWaits(t *testing.T) { // D6
	bubble(t, func(t *testing.T) {
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			e := exitpool.Start(p, (&journal{}).resource("a", time.Second), exitpool.Name("a"))
			assert.PanicsWithValue(t, "exitpool: Value: a is not held: acquiring", func() { synctest.Wait(); e.Value() })
			short, cancel := context.WithTimeoutCause(ctx, time.Millisecond, errOther)
			defer cancel()
			_, err := e.Get(short)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.ErrorIs(t, err, errOther)
			err = p.Wait(short)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.ErrorIs(t, err, errOther)
			v, err := e.Get(ctx)
			require.NoError(t, err)
			assert.Equal(t, "a", v)
			assert.NoError(t, e.Release(), "not used by anybody")
			return nil
		}))
	})
}

func TestWaitReturnsTheOutcomeOfTheAcquisitions(t *testing.T) { // D6
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context())
		assert.NoError(t, p.Wait(ctx))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { <-ctx.Done(); return 0, errOther }, exitpool.Name("second"))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			time.Sleep(time.Nanosecond)
			return 0, errBoom
		}, exitpool.Name("first"))
		exitpool.Start(p, (&journal{}).stubborn("slow", time.Hour))
		start := time.Now()
		dead, cancel := context.WithCancel(ctx)
		<-ctx.Done()
		cancel()
		err := p.Wait(dead)
		assert.Equal(t, time.Hour, time.Since(start), "once cancelled it waits for every acquisition")
		assert.EqualError(t, err, "acquire first: boom; acquire second: other")
		assert.EqualError(t, p.Exit(err), "acquire first: boom; acquire second: other")
		assert.EqualError(t, p.Wait(ctx), "acquire first: boom; acquire second: other")
	})
}

func TestNestingCounts(t *testing.T) { // D7
	bubble(t, func(t *testing.T) {
		var j journal
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			db := exitpool.Start(p, using(&j, "db", 1), exitpool.Name("db"))
			gathers := exitpool.Start(p, exitpool.Gather(using(&j, "inner", time.Second, db)), exitpool.Name("outer"))
			enters := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				return exitpool.Enter(ctx, s, using(&j, "entered", time.Second, db))
			})
			opens := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				return "", exitpool.WithPool(ctx, func(ctx context.Context, _ *exitpool.ExitPool) error { _, err := db.Get(ctx); return err })
			})
			require.NoError(t, p.Wait(ctx))
			assert.Equal(t, exitpool.ErrInUse, db.Release())
			require.NoError(t, gathers.Release())
			require.NoError(t, enters.Release())
			assert.Equal(t, exitpool.ErrInUse, db.Release())
			require.NoError(t, opens.Release())
			return db.Release()
		}))
		assert.Equal(t, []string{"release inner", "release entered", "release db"}, j.all())
	})
}

func TestUsingWhatIsInsideAnotherMemberUsesThatMember(t *testing.T) { // D7
	bubble(t, func(t *testing.T) {
		var j journal
		var inner *exitpool.Entry[string]
		require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			a := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				s.Defer(j.release("a"))
				inner = exitpool.Start(s.Pool(ctx), j.resource("inner", 0))
				return inner.Get(ctx)
			})
			_, err := a.Get(ctx)
			require.NoError(t, err)
			b := exitpool.Start(p, using(&j, "b", time.Second, inner))
			require.NoError(t, p.Wait(ctx))
			assert.Equal(t, exitpool.ErrInUse, a.Release())
			_ = b
			return nil
		}))
		assert.Equal(t, []string{"acquire inner", "release b", "release inner", "release a"}, j.all())
	})
}

func TestACircleThroughNestingIsFound(t *testing.T) { // D3, D7
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			var a, b *exitpool.Entry[[]string]
			ready := make(chan struct{})
			get := func(e **exitpool.Entry[[]string]) exitpool.Resource[[]string] {
				return exitpool.Gather(func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
					<-ready
					_, err := (*e).Get(ctx)
					return "", err
				})
			}
			a = exitpool.Start(p, get(&b), exitpool.Name("a"))
			b = exitpool.Start(p, get(&a), exitpool.Name("b"))
			close(ready)
			return p.Wait(ctx)
		})
		assert.ErrorIs(t, err, exitpool.ErrCycle)
	})
}

func TestALongChainIsLinear(t *testing.T) { // D3, section 7: the search for circles
	const n = 10_000
	for _, forward := range []bool{false, true} {
		p, ctx := exitpool.NewPool(t.Context())
		entries := make([]*exitpool.Entry[int], n)
		ready := make(chan struct{})
		start := time.Now()
		for i := range n {
			entries[i] = exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				<-ready
				next := i - 1
				if forward {
					next = i + 1
				}
				if next < 0 || next == n {
					return 0, nil
				}
				return entries[next].Get(ctx)
			})
		}
		close(ready)
		require.NoError(t, p.Wait(ctx))
		require.NoError(t, p.Close())
		assert.Less(t, time.Since(start), 10*time.Second)
	}
}

func TestAMemberOfManyUsesIsRecordedOnce(t *testing.T) { // D1
	const n = 100
	var j journal
	require.NoError(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		var all []*exitpool.Entry[string]
		for i := range n {
			all = append(all, exitpool.Start(p, j.resource(fmt.Sprint(i), 0)))
		}
		exitpool.Start(p, using(&j, "hub", 0, append(all, all...)...), exitpool.Name("hub"))
		return p.Wait(ctx)
	}))
	assert.Equal(t, "release hub", j.all()[n])
	assert.Len(t, j.all(), 2*n+1)
}

func TestWhoFailsBecauseOfASecondFailureIsNotReportedBesideIt(t *testing.T) { // D4
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, failing(time.Second, errBody), exitpool.Name("first"))
			second := exitpool.Start(p, failing(2*time.Second, errBoom), exitpool.Name("second"))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				return second.Get(context.WithoutCancel(ctx))
			}, exitpool.Name("user"))
			return p.Wait(ctx)
		})
		assert.EqualError(t, err, "acquire first: body; acquire second: boom")
	})
}

func TestGetWhileExitReleasesTheMemberIsErrClosed(t *testing.T) { // R6, D6
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context())
		e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { time.Sleep(time.Second); return nil })
			return 1, nil
		})
		require.NoError(t, p.Wait(ctx))
		go p.Close()
		synctest.Wait()
		_, err := e.Get(t.Context())
		assert.Equal(t, exitpool.ErrClosed, err)
		assert.NoError(t, p.Close())
		assert.NoError(t, e.Release(), "Exit has released it, without an error") // R10
	})
}

func TestAGetOfAMemberElsewhereThatComesTooLateHoldsNothing(t *testing.T) { // R10
	older, newer := new(exitpool.ExitPool), new(exitpool.ExitPool)
	used := exitpool.Start(older, value(1))
	var inside context.Context
	e := exitpool.Start(newer, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		inside = ctx
		return used.Get(ctx)
	})
	_, err := e.Get(t.Context())
	require.NoError(t, err)
	assert.Equal(t, exitpool.ErrInUse, used.Release())
	require.NoError(t, newer.Close())
	_, err = used.Get(inside)
	require.NoError(t, err)
	assert.NoError(t, used.Release())
	assert.NoError(t, older.Close())
}

func TestStatusDuringExitNamesTheUsers(t *testing.T) { // D1
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context())
		used := exitpool.Start(p, value(1), exitpool.Name("used"))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { time.Sleep(time.Second); return nil })
			return used.Get(ctx)
		}, exitpool.Name("user"))
		require.NoError(t, p.Wait(ctx))
		held := time.Now()
		time.Sleep(time.Second)
		go p.Close()
		synctest.Wait()
		all := p.Status()
		require.Len(t, all, 2)
		assert.Equal(t, exitpool.State("held"), all[0].State)
		assert.Equal(t, []string{"user"}, all[0].WaitsFor)
		assert.True(t, all[0].Since.Equal(held))
		assert.Equal(t, exitpool.State("releasing"), all[1].State)
		assert.True(t, all[1].Since.Equal(held.Add(time.Second)))
		assert.NoError(t, p.Close())
	})
}
