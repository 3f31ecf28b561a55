package exitpool_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func fails(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

func TestASingleErrorIsReturnedAsItIs(t *testing.T) { // E1
	stack := func(body error, releases ...error) error {
		return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			for _, err := range releases {
				s.Defer(fails(err))
			}
			return body
		})
	}
	assert.True(t, stack(errBody) == errBody)
	joined := errors.Join(errBody, errBoom)
	assert.True(t, stack(joined) == joined)
	one := stack(nil, errBoom)
	require.IsType(t, (*exitpool.OpError)(nil), one)
	assert.True(t, errors.Unwrap(one) == errBoom)
	err := stack(errBody, errBoom, nil, errOther)
	require.IsType(t, (*exitpool.ExitError)(nil), err)
	exit := err.(*exitpool.ExitError)
	assert.True(t, exit.Cause == errBody)
	require.Len(t, exit.Failures, 2)
	assert.ErrorIs(t, exit.Failures[0], errOther, "stack: in the order of release")
	assert.ErrorIs(t, exit.Failures[1], errBoom)
}

func TestFailuresOfAPoolAreInTheOrderOfStart(t *testing.T) { // E1
	bubble(t, func(t *testing.T) {
		for range 20 {
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				for i := range 10 {
					exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
						s.Defer(func(context.Context) error { time.Sleep(time.Duration(10 - i)); return errBoom })
						return 0, nil
					}, exitpool.Name(fmt.Sprint(i)))
				}
				return p.Wait(ctx)
			})
			var names []string
			for _, f := range err.(*exitpool.ExitError).Failures {
				names = append(names, f.(*exitpool.OpError).Name)
			}
			assert.Equal(t, "0123456789", strings.Join(names, ""))
		}
	})
}

func TestEveryErrorIsFound(t *testing.T) { // E2, section 7: cpython#102201
	bubble(t, func(t *testing.T) {
		e := make([]error, 6)
		for i := range e {
			e[i] = fmt.Errorf("error %d", i)
		}
		err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(fails(e[0]))
			p := s.Pool(ctx)
			p.Defer(fails(e[1]))
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(fails(e[2]))
				return 0, e[3]
			})
			s.Go(func(ctx context.Context) error { <-ctx.Done(); return e[4] })
			p.Wait(ctx)
			return e[5]
		})
		for _, want := range e {
			assert.ErrorIs(t, err, want)
		}
		three := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(fails(e[0]))
			s.Defer(fails(e[1]))
			s.Defer(fails(e[2]))
			return nil
		})
		for _, want := range e[:3] {
			assert.ErrorIs(t, three, want)
		}
	})
}

func TestInducedCancellationsAreDroppedAndForeignOnesAreNot(t *testing.T) { // E3, section 7: conc, suture#77
	bubble(t, func(t *testing.T) {
		run := func(second func(ctx context.Context) error) error {
			return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					<-ctx.Done()
					return 0, second(ctx)
				}, exitpool.Name("b"))
				exitpool.Start(p, failing(time.Second, errBoom), exitpool.Name("a"))
				return p.Wait(ctx)
			})
		}
		for name, second := range map[string]func(ctx context.Context) error{
			"ctx.Err": func(ctx context.Context) error { return ctx.Err() },
			"cause":   func(ctx context.Context) error { return context.Cause(ctx) },
			"wrapped": func(ctx context.Context) error { return fmt.Errorf("dial: %w", ctx.Err()) },
			"joined":  func(ctx context.Context) error { return errors.Join(ctx.Err(), context.Cause(ctx)) },
			"package net's": func(ctx context.Context) error {
				_, err := new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:1")
				return err
			},
		} {
			assert.EqualError(t, run(second), "acquire a: boom", name)
		}
		err := run(func(ctx context.Context) error { return errors.Join(ctx.Err(), errOther) })
		assert.ErrorIs(t, err, errOther)
		err = run(func(ctx context.Context) error { return context.DeadlineExceeded })
		assert.ErrorIs(t, err, context.DeadlineExceeded)

		foreign := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, failing(0, context.Canceled), exitpool.Name("a"))
			return p.Wait(ctx)
		})
		assert.EqualError(t, foreign, "acquire a: context canceled")
		release := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(fails(context.Canceled))
			s.Cancel(errBoom)
			return nil
		})
		assert.ErrorIs(t, release, context.Canceled)
		task := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Go(fails(context.Canceled))
			<-ctx.Done()
			return nil
		})
		assert.ErrorIs(t, task, context.Canceled)
	})
}

func TestAReleaseThatReturnsWhatItWasToldAddsNothing(t *testing.T) { // E3
	err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
		s.Push(func(_ context.Context, cause error) error { return cause })
		p := s.Pool(ctx)
		p.Push(func(_ context.Context, cause error) error { return cause })
		return errBody
	})
	assert.True(t, err == errBody)
}

// An uncomparable error: == on it panics.
type uncomparable []string

func (u uncomparable) Error() string { return strings.Join(u, ",") }

func TestUncomparableErrorsAreNoTrouble(t *testing.T) { // E3, section 7
	bubble(t, func(t *testing.T) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			p.Cancel(uncomparable{"a"})
			p.Cancel(uncomparable{"b"})
			p.Push(func(_ context.Context, cause error) error { return cause })
			exitpool.Start(p, failing(0, uncomparable{"c"}))
			return uncomparable{"d"}
		})
		var u uncomparable
		assert.ErrorAs(t, err, &u)
		assert.ErrorContains(t, err, "d; a; b")
	})
}

func openDB(context.Context, *exitpool.ExitStack) (int, error) { return 0, errBoom }

type vm struct{}

func (*vm) Shutdown(context.Context) error { return errBoom }

func TestFailuresCarryTheOperationAndAName(t *testing.T) { // E4
	bubble(t, func(t *testing.T) {
		p, ctx := exitpool.NewPool(t.Context())
		assert.Equal(t, "exitpool_test.openDB#0", exitpool.Start(p, openDB).Name())
		exitpool.Start(p, value(1))
		third := exitpool.Start(p, openDB)
		assert.Equal(t, "exitpool_test.openDB#2", third.Name())
		assert.Equal(t, "vm-1", exitpool.Start(p, openDB, exitpool.Name("vm-1")).Name())
		assert.ErrorContains(t, p.Wait(ctx), "acquire exitpool_test.openDB#0: boom")
		p.Close()
		err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(fails(nil))
			s.Defer((&vm{}).Shutdown)
			return nil
		})
		assert.EqualError(t, err, "release exitpool_test.(*vm).Shutdown#1: boom")
		err = exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.DeferClose(closeFunc(func() error { return errBoom }))
			return nil
		})
		assert.EqualError(t, err, "release (exitpool_test.closeFunc).Close#0: boom")
	})
}

func TestAnOpErrorIsWrappedAgainOnlyByAName(t *testing.T) { // E4
	bubble(t, func(t *testing.T) {
		inner := func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			p := s.Pool(ctx)
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(fails(errBoom))
				return 0, nil
			}, exitpool.Name("db"))
			return 0, p.Wait(ctx)
		}
		outer := func(opts ...exitpool.EntryOption) error {
			return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, inner, opts...)
				return p.Wait(ctx)
			})
		}
		assert.EqualError(t, outer(), "release db: boom")
		assert.EqualError(t, outer(exitpool.Name("api")), "release api: release db: boom")
		acquire := func(opts ...exitpool.EntryOption) error {
			return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, exitpool.Gather(openDB), opts...)
				return p.Wait(ctx)
			})
		}
		assert.EqualError(t, acquire(), "acquire exitpool_test.openDB#0: boom")
		assert.EqualError(t, acquire(exitpool.Name("api")), "acquire api: acquire exitpool_test.openDB#0: boom")
	})
}

func TestErrorsPrintInOneLineAndAsATree(t *testing.T) { // E5
	err := error(&exitpool.ExitError{Cause: errors.New("boot: connection refused"), Failures: []error{
		&exitpool.OpError{Op: exitpool.OpRelease, Name: "vm-1", Err: errors.New("broken pipe")},
		&exitpool.OpError{Op: exitpool.OpRelease, Name: "api", Err: &exitpool.OpError{Op: exitpool.OpRelease, Name: "db", Err: errors.Join(errBoom, errOther)}},
		&exitpool.PanicError{Value: "oops\nindeed", Stack: []byte("goroutine 1")},
		&exitpool.AbandonedError{Names: []string{"a", "b"}},
	}})
	line := "boot: connection refused; release vm-1: broken pipe; release api: release db: boom; other; panic: oops; indeed; abandoned a, b"
	assert.Equal(t, line, fmt.Sprintf("%v", err))
	assert.Equal(t, line, err.Error())
	assert.Equal(t, fmt.Sprintf("%q", line), fmt.Sprintf("%q", err))
	assert.Equal(t, `boot: connection refused
  release vm-1: broken pipe
  release api
    release db: boom; other
  panic: oops; indeed
  abandoned a, b`, fmt.Sprintf("%+v", err))
	none := &exitpool.ExitError{Failures: []error{errBoom, errOther}}
	assert.Equal(t, "exit\n  boom\n  other", fmt.Sprintf("%+v", none))
	panicked := &exitpool.PanicError{Value: errBoom, Stack: []byte("goroutine 1 [running]")}
	assert.Equal(t, "panic: boom", fmt.Sprintf("%v", panicked))
	assert.Contains(t, panicked.Error(), "goroutine 1 [running]")
	assert.ErrorIs(t, panicked, errBoom)
}

func TestAPanicIsRaisedWhereTheScopeIsExitedAfterTheReleases(t *testing.T) { // E6
	bubble(t, func(t *testing.T) {
		var j journal
		breaks := func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(j.release("own"))
			s.Defer(fails(errOther))
			panic(errBoom)
		}
		calls := map[string]func() error{
			"WithStack": func() error {
				return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
					s.Defer(j.release("peer"))
					_, err := exitpool.Enter(ctx, s, breaks)
					return err
				})
			},
			"WithPool": func() error {
				return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
					p.Defer(j.release("peer"))
					e := exitpool.Start(p, breaks, exitpool.Name("vm"))
					err := p.Wait(ctx)
					asPanicIn(t, err)
					_, got := e.Get(ctx)
					asPanicIn(t, got)
					return nil
				})
			},
			"Use Gather": func() error {
				return exitpool.Use(t.Context(), exitpool.Gather((&journal{}).resource("a", time.Hour), func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
					s.Defer(j.release("peer"))
					_, err := breaks(ctx, s)
					return "", err
				}), func(context.Context, []string) error { return nil })
			},
		}
		for name, f := range calls {
			j = journal{}
			e := call(f)
			p := asPanic(t, e.panic)
			assert.Equal(t, errBoom, p.Value, name)
			assert.ErrorIs(t, p, errBoom, name)
			assert.ErrorIs(t, p, errOther, name)
			assert.Contains(t, string(p.Stack), "TestAPanicIsRaised", name)
			assert.NotContains(t, fmt.Sprint(p), "goroutine", name)
			assert.ElementsMatch(t, []string{"release own", "release peer"}, j.all(), name)
		}
	})
}

func asPanicIn(t *testing.T, err error) {
	t.Helper()
	var p *exitpool.PanicError
	require.ErrorAs(t, err, &p)
	assert.Equal(t, errBoom, p.Value)
}

func TestOnlyTheFirstCallerOfExitPanics(t *testing.T) { // E6
	bubble(t, func(t *testing.T) {
		for _, breaks := range []func(){func() { panic("x") }, runtime.Goexit} {
			var s exitpool.ExitStack
			s.Defer(func(context.Context) error { time.Sleep(time.Second); breaks(); return nil })
			ends := make(chan end)
			for range 3 {
				go func() { ends <- call(s.Close) }()
			}
			hit := 0
			for range 3 {
				if e := <-ends; e.panic != nil || e.goexit {
					hit++
				} else {
					assert.Error(t, e.err)
				}
			}
			assert.Equal(t, 1, hit)
			assert.Error(t, s.Close())
		}
	})
}

func TestGoexitIsPassedOnLikeAPanic(t *testing.T) { // E6, section 7: errgroup, oklog/run
	bubble(t, func(t *testing.T) {
		exits := func(context.Context) error { runtime.Goexit(); return nil }
		var j journal
		for name, f := range map[string]func() error{
			"acquisition": func() error {
				return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
					p.Defer(j.release("peer"))
					p.Push(func(_ context.Context, cause error) error { assert.Equal(t, exitpool.ErrGoexit, cause); return nil })
					e := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return 0, exits(ctx) })
					assert.Equal(t, exitpool.ErrGoexit, p.Wait(ctx))
					_, err := e.Get(ctx)
					assert.Equal(t, exitpool.ErrGoexit, err)
					assert.Equal(t, exitpool.ErrGoexit, context.Cause(ctx))
					return nil
				})
			},
			"task": func() error {
				return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
					s.Defer(j.release("peer"))
					s.Go(exits)
					<-ctx.Done()
					return nil
				})
			},
			"release in pool": func() error {
				var p exitpool.ExitPool
				p.Defer(exits)
				p.Defer(exits)
				p.Defer(j.release("peer"))
				return p.Close()
			},
			"body": func() error {
				return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
					p.Defer(j.release("peer"))
					return exits(ctx)
				})
			},
			"Enter": func() error {
				return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
					s.Defer(j.release("peer"))
					_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return 0, exits(ctx) })
					t.Error("Enter returned")
					return err
				})
			},
			"gather": func() error {
				return exitpool.Use(t.Context(), exitpool.Gather(func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					s.Defer(j.release("peer"))
					return 0, exits(ctx)
				}), func(context.Context, []int) error { return nil })
			},
		} {
			j = journal{}
			assert.True(t, call(f).goexit, name)
			assert.Equal(t, []string{"release peer"}, j.all(), name)
		}
		var s exitpool.ExitStack
		s.Defer(func(context.Context) error { panic("wins") })
		s.Defer(exits)
		assert.Equal(t, "wins", asPanic(t, call(s.Close).panic).Value)
	})
}

func TestATypedNilIsNeverReturned(t *testing.T) { // E7, section 7: go-multierror#57
	var p exitpool.ExitPool
	assert.True(t, p.Wait(t.Context()) == nil)
	assert.True(t, p.Close() == nil)
	assert.True(t, p.Exit(nil) == nil)
	assert.True(t, exitpool.Start(new(exitpool.ExitPool), value(1)).Release() == nil)
}

func TestPushIsToldWhy(t *testing.T) { // X1
	bubble(t, func(t *testing.T) {
		ask := func(body func(ctx context.Context, cancel func(error)) error) (stack, pool error) {
			call(func() error {
				return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
					s.Push(func(_ context.Context, cause error) error { stack = cause; return nil })
					return body(ctx, s.Cancel)
				})
			})
			call(func() error {
				return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
					p.Push(func(_ context.Context, cause error) error { pool = cause; return nil })
					return body(ctx, p.Cancel)
				})
			})
			return stack, pool
		}
		for name, test := range map[string]struct {
			body func(ctx context.Context, cancel func(error)) error
			want error
		}{
			"success":            {func(context.Context, func(error)) error { return nil }, nil},
			"error":              {func(context.Context, func(error)) error { return errBody }, errBody},
			"forced":             {func(_ context.Context, cancel func(error)) error { cancel(errBoom); return nil }, errBoom},
			"forced, cancelled":  {func(ctx context.Context, cancel func(error)) error { cancel(errBoom); return ctx.Err() }, errBoom},
			"Goexit":             {func(context.Context, func(error)) error { runtime.Goexit(); return nil }, exitpool.ErrGoexit},
			"forced without one": {func(ctx context.Context, cancel func(error)) error { cancel(nil); return ctx.Err() }, nil},
			"panic":              {func(context.Context, func(error)) error { panic(errOther) }, errOther},
		} {
			stack, pool := ask(test.body)
			if name == "panic" {
				assert.Equal(t, errOther, asPanic(t, stack).Value)
				assert.Equal(t, errOther, asPanic(t, pool).Value)
				continue
			}
			assert.Equal(t, test.want, stack, name)
			assert.Equal(t, test.want, pool, name)
		}
	})
}

func TestOnAStackPushIsToldThePendingError(t *testing.T) { // X1
	var told []error
	tell := func(_ context.Context, cause error) error { told = append(told, cause); return nil }
	var s exitpool.ExitStack
	s.Push(tell)
	s.Defer(fails(errBoom))
	s.Push(tell)
	s.Exit(errBody)
	require.Len(t, told, 2)
	assert.Equal(t, errBody, told[0])
	assert.ErrorIs(t, told[1], errBody)
	assert.ErrorIs(t, told[1], errBoom)
}

func TestTheCauseIsSettledBeforeMembersAreReleased(t *testing.T) { // X1, section 7
	for range 200 {
		var wrong atomic.Int32
		exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			for range 20 {
				p.Push(func(_ context.Context, cause error) error {
					if cause != errBody {
						wrong.Add(1)
					}
					return nil
				})
			}
			return errBody
		})
		require.Zero(t, wrong.Load())
	}
}

func TestSuppressDropsThePendingErrorOfAStack(t *testing.T) { // X2
	suppress := func(context.Context, error) error { return exitpool.Suppress }
	var told error = errOther
	var s exitpool.ExitStack
	s.Push(func(_ context.Context, cause error) error { told = cause; return nil })
	s.Push(suppress)
	s.Defer(fails(errBoom))
	assert.NoError(t, s.Exit(errBody))
	assert.NoError(t, told)

	var after exitpool.ExitStack
	after.Defer(fails(errBoom))
	after.Push(suppress)
	assert.ErrorIs(t, after.Exit(errBody), errBoom)

	var wrapped exitpool.ExitStack
	wrapped.Push(func(context.Context, error) error { return fmt.Errorf("no: %w", exitpool.Suppress) })
	assert.ErrorIs(t, wrapped.Exit(errBody), errBody, "compared with ==")

	var noSay exitpool.ExitStack
	noSay.Defer(fails(exitpool.Suppress))
	assert.ErrorIs(t, noSay.Close(), exitpool.Suppress)

	var entered exitpool.ExitStack
	_, err := exitpool.Enter(t.Context(), &entered, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { s.Push(suppress); return 0, nil })
	require.NoError(t, err)
	assert.NoError(t, entered.Exit(errBody))

	var panics exitpool.ExitStack
	panics.Push(suppress)
	panics.Defer(func(context.Context) error { panic("x") })
	asPanic(t, call(panics.Close).panic)
	var exits exitpool.ExitStack
	exits.Push(suppress)
	exits.Defer(func(context.Context) error { runtime.Goexit(); return nil })
	assert.True(t, call(exits.Close).goexit)
	var failed exitpool.ExitStack
	_, err = exitpool.Enter(t.Context(), &failed, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { s.Push(suppress); return 0, errBoom })
	assert.Equal(t, errBoom, err, "never the failure of an acquisition")
}

func TestSuppressInAPoolNeedsAllThatHaveASay(t *testing.T) { // X2
	suppress := func(context.Context, error) error { return exitpool.Suppress }
	agree := func(context.Context, error) error { return nil }
	run := func(pushes ...func(context.Context, error) error) error {
		return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			for _, f := range pushes {
				exitpool.Start(p, exitpool.Gather(func(ctx context.Context, s *exitpool.ExitStack) (int, error) { s.Push(f); return 0, nil }))
			}
			p.Defer(fails(nil))
			exitpool.Start(p, value(1))
			if err := p.Wait(ctx); err != nil {
				return err
			}
			return errBody
		})
	}
	assert.NoError(t, run(suppress, suppress))
	assert.Equal(t, errBody, run(suppress, agree))
	assert.Equal(t, errBody, run())
	err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		p.Push(suppress)
		p.Defer(fails(errBoom))
		return errBody
	})
	assert.ErrorIs(t, err, errBoom)
	assert.NotErrorIs(t, err, errBody)
	assert.NoError(t, exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
		s.Pool(ctx).Push(suppress)
		return errBody
	}))
}

func TestASuppressedForcedExitDoesNotComeBackFromTheNestedPool(t *testing.T) { // X2, section 7: the cause of a nested pool
	bubble(t, func(t *testing.T) {
		for _, suppress := range []bool{true, false} {
			err := exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
				p := s.Pool(ctx)
				exitpool.Start(p, failing(0, errBoom), exitpool.Name("a"))
				s.Push(func(context.Context, error) error {
					if suppress {
						return exitpool.Suppress
					}
					return nil
				})
				synctest.Wait()
				return nil
			})
			if suppress {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, "acquire a: boom")
			}
		}
	})
}

func TestAPanicBesideAGoexitWins(t *testing.T) { // E6
	bubble(t, func(t *testing.T) {
		var j journal
		breaks := func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(j.release("own"))
			s.Defer(func(context.Context) error { panic(errBoom) })
			runtime.Goexit()
			return 0, nil
		}
		for name, f := range map[string]func() error{
			"Enter": func() error { _, err := exitpool.Enter(t.Context(), new(exitpool.ExitStack), breaks); return err },
			"Start": func() error {
				return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
					exitpool.Start(p, breaks)
					return p.Wait(ctx)
				})
			},
			"Enter in Start": func() error {
				return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
					exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return exitpool.Enter(ctx, s, breaks) })
					return p.Wait(ctx)
				})
			},
		} {
			j = journal{}
			assert.Equal(t, errBoom, asPanic(t, call(f).panic).Value, name)
			assert.Equal(t, []string{"release own"}, j.all(), name)
		}
	})
}

func TestWhatFailsBesideAGoexitInEnterIsReportedByTheScope(t *testing.T) { // E2, E6
	bubble(t, func(t *testing.T) {
		for name, resource := range map[string]exitpool.Resource[int]{
			"acquisition": func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(fails(errBoom))
				runtime.Goexit()
				return 0, nil
			},
			"release": func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error { runtime.Goexit(); return nil })
				return 0, errBoom
			},
		} {
			s, ctx := exitpool.NewStack(t.Context())
			assert.True(t, call(func() error { _, err := exitpool.Enter(ctx, s, resource); return err }).goexit, name)
			assert.ErrorIs(t, s.Close(), errBoom, name)
			e := call(func() error {
				return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
					exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { return exitpool.Enter(ctx, s, resource) })
					p.Defer(func(context.Context) error { panic("so that there is a result") })
					return p.Wait(ctx)
				})
			})
			assert.ErrorIs(t, asPanic(t, e.panic), errBoom, name)
		}
	})
}

func TestAPanicErrorWithoutAStackIsOneLine(t *testing.T) { // E6
	assert.EqualError(t, &exitpool.PanicError{Value: errBoom}, "panic: boom")
}

func TestWhatAResourceReturnsBesideThePanicOfItsTaskIsReachable(t *testing.T) { // E2, E6
	e := call(func() error {
		var s exitpool.ExitStack
		_, err := exitpool.Enter(t.Context(), &s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Go(func(context.Context) error { panic(errBoom) })
			<-ctx.Done()
			return 0, errOther
		})
		return err
	})
	p := asPanic(t, e.panic)
	assert.ErrorIs(t, p, errBoom)
	assert.ErrorIs(t, p, errOther)
}

func TestAPanicThatIsReturnedAndRaisedIsShownOnce(t *testing.T) { // E1, E6
	e := call(func() error {
		return exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			var other exitpool.ExitPool // whose Close, a release of p, raises what its Wait returns
			exitpool.Start(&other, func(context.Context, *exitpool.ExitStack) (int, error) { panic(errBoom) }, exitpool.Name("inner"))
			p.DeferClose(&other)
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				return 0, other.Wait(ctx)
			}, exitpool.Name("outer"))
			return p.Wait(ctx)
		})
	})
	assert.Equal(t, "acquire inner: panic: boom", fmt.Sprintf("%v", asPanic(t, e.panic)))
}

func TestTheTextOfADeepErrorTakesNoTime(t *testing.T) { // E5
	var nest func(depth int) error
	nest = func(depth int) error {
		if depth == 0 {
			return errBoom
		}
		return exitpool.WithStack(t.Context(), func(ctx context.Context, s *exitpool.ExitStack) error {
			s.Defer(fails(errors.Join(errOther, errBody)))
			return errors.Join(nest(depth-1), errBody)
		})
	}
	err := nest(100) // else the universe would not be old enough
	assert.Equal(t, 100, strings.Count(err.Error(), "other; body"))
}
