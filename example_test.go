package exitpool_test

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/exitpool/exitpool"
)

// VM is what most of the examples start.
type VM struct{ name string }

func (vm *VM) Ping(other *VM) { fmt.Println(vm.name, "pings", other.name) }

func (vm *VM) Shutdown(context.Context) error {
	fmt.Println("shut down", vm.name)
	return nil
}

// Close makes a VM an io.Closer.
func (vm *VM) Close() error { return vm.Shutdown(context.Background()) }

func boot(ctx context.Context, name string) (*VM, error) {
	if strings.HasPrefix(name, "bad") {
		return nil, errors.New("no boot device")
	}
	return &VM{name}, nil
}

// StartVM is a resource: it acquires, and registers the release.
func StartVM(name string) exitpool.Resource[*VM] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*VM, error) {
		vm, err := boot(ctx, name)
		if err != nil {
			return nil, err
		}
		s.Defer(vm.Shutdown)
		return vm, nil
	}
}

func Example() {
	ctx := context.Background()
	err := exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
		db := exitpool.Start(p, StartVM("db"))
		api := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (*VM, error) {
			d, err := db.Get(ctx) // waits for db, and uses it: api is released before db
			if err != nil {
				return nil, err
			}
			s.Defer((&VM{"api"}).Shutdown)
			return &VM{"api of " + d.name}, nil
		})
		if err := p.Wait(ctx); err != nil {
			return err
		}
		fmt.Println("running", api.Value().name)
		return nil
	})
	fmt.Println("error:", err)
	// Output:
	// running api of db
	// shut down api
	// shut down db
	// error: <nil>
}

func ExampleUse() {
	err := exitpool.Use(context.Background(), StartVM("a"), func(ctx context.Context, vm *VM) error {
		fmt.Println("using", vm.name)
		return errors.New("out of memory")
	})
	fmt.Println(err)
	// Output:
	// using a
	// shut down a
	// out of memory
}

func ExampleGather() {
	err := exitpool.Use(context.Background(), exitpool.Gather(StartVM("a"), StartVM("b")),
		func(ctx context.Context, vms []*VM) error {
			vms[0].Ping(vms[1])
			return nil
		})
	fmt.Println(err)

	err = exitpool.Use(context.Background(), exitpool.Gather(StartVM("bad vm")),
		func(context.Context, []*VM) error { return nil })
	fmt.Println(errors.Unwrap(err))
	// Unordered output:
	// a pings b
	// shut down a
	// shut down b
	// <nil>
	// no boot device
}

func ExampleRace() {
	never := func(ctx context.Context, s *exitpool.ExitStack) (*VM, error) {
		<-ctx.Done() // cancelled when another is first
		return nil, ctx.Err()
	}
	err := exitpool.Use(context.Background(), exitpool.Race(never, StartVM("replica")),
		func(ctx context.Context, vm *VM) error {
			fmt.Println("using", vm.name)
			return nil
		})
	fmt.Println(err)
	// Output:
	// using replica
	// shut down replica
	// <nil>
}

func ExampleQuorum() {
	err := exitpool.Use(context.Background(), exitpool.Quorum(2, StartVM("bad node"), StartVM("b"), StartVM("c")),
		func(ctx context.Context, vms []*VM) error {
			fmt.Println(len(vms), "of three:", vms[0].name, vms[1].name)
			return nil
		})
	fmt.Println(err)
	// Unordered output:
	// 2 of three: b c
	// shut down b
	// shut down c
	// <nil>
}

func ExampleEnter() {
	err := exitpool.WithStack(context.Background(), func(ctx context.Context, s *exitpool.ExitStack) error {
		for _, name := range []string{"first", "second"} {
			vm, err := exitpool.Enter(ctx, s, StartVM(name))
			if err != nil {
				return err
			}
			fmt.Println("entered", vm.name)
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// entered first
	// entered second
	// shut down second
	// shut down first
	// <nil>
}

func ExampleAcquireRelease() {
	r := exitpool.AcquireRelease(
		func(ctx context.Context) (*VM, error) { return boot(ctx, "a") },
		func(ctx context.Context, vm *VM) error { return vm.Shutdown(ctx) },
	)
	fmt.Println(exitpool.Use(context.Background(), r, func(context.Context, *VM) error { return nil }))
	// Output:
	// shut down a
	// <nil>
}

func ExampleClosing() {
	r := exitpool.Closing(func(ctx context.Context) (*VM, error) { return boot(ctx, "a") })
	fmt.Println(exitpool.Use(context.Background(), r, func(context.Context, *VM) error { return nil }))
	// Output:
	// shut down a
	// <nil>
}

func ExampleContextManager() {
	transaction := exitpool.ContextManager(func(ctx context.Context, yield func(string) error) error {
		fmt.Println("begin")
		if cause := yield("tx"); cause != nil {
			fmt.Println("roll back:", cause)
			return nil
		}
		fmt.Println("commit")
		return nil
	})
	for _, err := range []error{nil, errors.New("conflict")} {
		fmt.Println(exitpool.Use(context.Background(), transaction, func(context.Context, string) error { return err }))
	}
	// Output:
	// begin
	// commit
	// <nil>
	// begin
	// roll back: conflict
	// conflict
}

func ExampleNewStack() {
	run := func(ctx context.Context) (err error) {
		s, ctx := exitpool.NewStack(ctx)
		defer s.Unwind(&err)
		vm, err := exitpool.Enter(ctx, s, StartVM("a"))
		if err != nil {
			return err
		}
		fmt.Println("running", vm.name)
		return nil
	}
	fmt.Println(run(context.Background()))
	// Output:
	// running a
	// shut down a
	// <nil>
}

func ExampleWithStack() {
	err := exitpool.WithStack(context.Background(), func(ctx context.Context, s *exitpool.ExitStack) error {
		s.Defer((&VM{"a"}).Shutdown)
		s.Defer(func(context.Context) error { return errors.New("broken pipe") })
		return errors.New("out of memory")
	})
	fmt.Println(errors.Unwrap(err) == nil, err != nil)
	var exit *exitpool.ExitError
	fmt.Println(errors.As(err, &exit), exit.Cause, len(exit.Failures))
	// Output:
	// shut down a
	// true true
	// true out of memory 1
}

func ExampleExitStack_Defer() {
	var s exitpool.ExitStack
	s.Defer((&VM{"first"}).Shutdown)
	s.Defer((&VM{"second"}).Shutdown)
	fmt.Println(s.Close())
	// Output:
	// shut down second
	// shut down first
	// <nil>
}

func ExampleExitStack_DeferClose() {
	var s exitpool.ExitStack
	s.DeferClose(&VM{"a"})
	fmt.Println(s.Close())
	// Output:
	// shut down a
	// <nil>
}

func ExampleExitStack_Push() {
	err := exitpool.WithStack(context.Background(), func(ctx context.Context, s *exitpool.ExitStack) error {
		s.Push(func(ctx context.Context, cause error) error {
			fmt.Println("told:", cause)
			return exitpool.Suppress
		})
		return errors.New("not found")
	})
	fmt.Println(err)
	// Output:
	// told: not found
	// <nil>
}

func ExampleExitStack_Go() {
	err := exitpool.WithStack(context.Background(), func(ctx context.Context, s *exitpool.ExitStack) error {
		s.Go(func(context.Context) error { return errors.New("the machine died") })
		<-ctx.Done() // the death of the task ends the body
		return ctx.Err()
	})
	fmt.Println(errors.Unwrap(err))
	// Output:
	// the machine died
}

func ExampleExitStack_Pool() {
	err := exitpool.WithStack(context.Background(), func(ctx context.Context, s *exitpool.ExitStack) error {
		s.Defer((&VM{"network"}).Shutdown)
		p := s.Pool(ctx)
		exitpool.Start(p, StartVM("a"))
		return p.Wait(ctx)
	})
	fmt.Println(err)
	// Output:
	// shut down a
	// shut down network
	// <nil>
}

func ExampleExitStack_Cancel() {
	errLost := errors.New("connection lost")
	connect := func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
		onClose := func() { s.Cancel(errLost) } // a callback of the connection
		time.AfterFunc(time.Millisecond, onClose)
		return "connection", nil
	}
	err := exitpool.Use(context.Background(), connect, func(ctx context.Context, conn string) error {
		<-ctx.Done()
		return ctx.Err()
	})
	fmt.Println(err)
	// Output:
	// connection lost
}

func ExampleExitStack_PopAll() {
	// A constructor releases what it has built if it fails, and hands it over if not.
	newCluster := func(ctx context.Context) (cluster *exitpool.ExitStack, err error) {
		s, ctx := exitpool.NewStack(ctx)
		defer s.Unwind(&err)
		for _, name := range []string{"a", "b"} {
			if _, err := exitpool.Enter(ctx, s, StartVM(name)); err != nil {
				return nil, err
			}
		}
		return s.PopAll(), nil
	}
	cluster, err := newCluster(context.Background())
	fmt.Println("built", err)
	fmt.Println(cluster.Close())
	// Output:
	// built <nil>
	// shut down b
	// shut down a
	// <nil>
}

func ExampleExitStack_Close() {
	var s exitpool.ExitStack
	s.Defer(func(context.Context) error { return errors.New("broken pipe") })
	first := s.Close()
	fmt.Println(errors.Unwrap(first), s.Close() == first)
	// Output:
	// broken pipe true
}

func ExampleExitStack_Exit() {
	var s exitpool.ExitStack
	s.Push(func(_ context.Context, cause error) error {
		fmt.Println("told:", cause)
		return nil
	})
	fmt.Println(s.Exit(errors.New("out of memory")))
	// Output:
	// told: out of memory
	// out of memory
}

func ExampleExitStack_Unwind() {
	run := func() (err error) {
		var s exitpool.ExitStack
		defer s.Unwind(&err)
		s.Defer((&VM{"a"}).Shutdown)
		return errors.New("out of memory")
	}
	fmt.Println(run())
	// Output:
	// shut down a
	// out of memory
}

func ExampleNewPool() {
	run := func(ctx context.Context) (err error) {
		p, ctx := exitpool.NewPool(ctx)
		defer p.Unwind(&err)
		exitpool.Start(p, StartVM("a"))
		return p.Wait(ctx)
	}
	fmt.Println(run(context.Background()))
	// Output:
	// shut down a
	// <nil>
}

func ExampleWithPool() {
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		a, b := exitpool.Start(p, StartVM("a")), exitpool.Start(p, StartVM("b"))
		if err := p.Wait(ctx); err != nil {
			return err
		}
		a.Value().Ping(b.Value())
		return nil
	})
	fmt.Println(err)
	// Unordered output:
	// a pings b
	// shut down a
	// shut down b
	// <nil>
}

func ExampleStart() {
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, StartVM("bad vm"), exitpool.Name("vm-1"))
		return p.Wait(ctx)
	})
	fmt.Println(err)
	// Output:
	// acquire vm-1: no boot device
}

func ExampleExitPool_Defer() {
	var p exitpool.ExitPool
	p.Defer((&VM{"a"}).Shutdown)
	fmt.Println(p.Close())
	// Output:
	// shut down a
	// <nil>
}

func ExampleExitPool_DeferClose() {
	var p exitpool.ExitPool
	p.DeferClose(&VM{"a"})
	fmt.Println(p.Close())
	// Output:
	// shut down a
	// <nil>
}

func ExampleExitPool_Push() {
	var p exitpool.ExitPool
	p.Push(func(_ context.Context, cause error) error {
		fmt.Println("told:", cause)
		return nil
	})
	fmt.Println(p.Exit(errors.New("out of memory")))
	// Output:
	// told: out of memory
	// out of memory
}

func ExampleExitPool_Wait() {
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		a := exitpool.Start(p, StartVM("a"))
		err := p.Wait(ctx)
		fmt.Println(a.Value().name, err)
		return err
	})
	fmt.Println(err)
	// Output:
	// a <nil>
	// shut down a
	// <nil>
}

func ExampleExitPool_Cancel() {
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		go p.Cancel(errors.New("out of budget"))
		<-ctx.Done()
		return nil
	})
	fmt.Println(err)
	// Output:
	// out of budget
}

func ExampleExitPool_Close() {
	var p exitpool.ExitPool
	exitpool.Start(&p, StartVM("a"))
	if err := p.Wait(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(p.Close())
	// Output:
	// shut down a
	// <nil>
}

func ExampleExitPool_Exit() {
	var p exitpool.ExitPool
	p.Defer((&VM{"a"}).Shutdown)
	fmt.Println(p.Exit(errors.New("out of memory")))
	// Output:
	// shut down a
	// out of memory
}

func ExampleExitPool_Unwind() {
	run := func() (err error) {
		var p exitpool.ExitPool
		defer p.Unwind(&err)
		p.Defer((&VM{"a"}).Shutdown)
		return errors.New("out of memory")
	}
	fmt.Println(run())
	// Output:
	// shut down a
	// out of memory
}

func ExampleExitPool_Status() {
	p, ctx := exitpool.NewPool(context.Background())
	defer p.Close()
	exitpool.Start(p, StartVM("a"), exitpool.Name("vm-a"))
	if err := p.Wait(ctx); err != nil {
		fmt.Println(err)
	}
	for _, st := range p.Status() {
		fmt.Println(st.Name, st.State)
	}
	// Output:
	// vm-a held
	// shut down a
}

func ExampleEntry_Get() {
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		vm, err := exitpool.Start(p, StartVM("a")).Get(ctx)
		if err != nil {
			return err
		}
		fmt.Println("got", vm.name)
		return nil
	})
	fmt.Println(err)
	// Output:
	// got a
	// shut down a
	// <nil>
}

func ExampleEntry_Value() {
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		a := exitpool.Start(p, StartVM("a"))
		if err := p.Wait(ctx); err != nil {
			return err
		}
		fmt.Println(a.Value().name)
		return nil
	})
	fmt.Println(err)
	// Output:
	// a
	// shut down a
	// <nil>
}

func ExampleEntry_Release() {
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		a := exitpool.Start(p, StartVM("a"))
		if err := p.Wait(ctx); err != nil {
			return err
		}
		fmt.Println(a.Release())
		_, err := a.Get(ctx)
		fmt.Println(errors.Is(err, exitpool.ErrReleased))
		return nil
	})
	fmt.Println(err)
	// Output:
	// shut down a
	// <nil>
	// true
	// <nil>
}

func ExampleEntry_Name() {
	var p exitpool.ExitPool
	defer p.Close()
	fmt.Println(exitpool.Start(&p, StartVM("a"), exitpool.Name("vm-a")).Name())
	if err := p.Wait(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// vm-a
	// shut down a
}

func ExampleGrace() {
	err := exitpool.WithStack(context.Background(), func(ctx context.Context, s *exitpool.ExitStack) error {
		s.Defer(func(ctx context.Context) error {
			<-ctx.Done() // hangs until it is forced
			return nil
		})
		return nil
	}, exitpool.Grace(time.Millisecond))
	fmt.Println(errors.Is(err, exitpool.ErrGrace))
	// Output:
	// true
}

func ExampleAbandon() {
	stuck := make(chan struct{})
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { <-stuck; return nil })
			return 0, nil
		}, exitpool.Name("vm-1"))
		return p.Wait(ctx)
	}, exitpool.Abandon(time.Millisecond))
	fmt.Println(err)
	close(stuck)
	// Output:
	// abandoned vm-1
}

func ExampleLimit() {
	err := exitpool.Use(context.Background(), exitpool.Gather(StartVM("a"), StartVM("b")),
		func(context.Context, []*VM) error { return nil }, exitpool.Limit(1))
	fmt.Println(err)
	// Unordered output:
	// shut down a
	// shut down b
	// <nil>
}

func ExampleWeight() {
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, StartVM("big"), exitpool.Weight(3), exitpool.Name("big"))
		return p.Wait(ctx)
	}, exitpool.Limit(2))
	fmt.Println(err)
	// Output:
	// acquire big: exitpool: Start: weight 3 is above the limit of 2
}

func ExampleObserve() {
	var lines []string
	watch := func(ev exitpool.Event) {
		if ev.Done {
			lines = append(lines, fmt.Sprint(ev.Op, " ", ev.Name))
		}
	}
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, StartVM("a"), exitpool.Name("vm-a"))
		return p.Wait(ctx)
	}, exitpool.Observe(watch))
	sort.Strings(lines)
	fmt.Println(lines, err)
	// Output:
	// shut down a
	// [acquire vm-a release vm-a] <nil>
}

func ExampleName() {
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, StartVM("bad vm"), exitpool.Name("vm-7"))
		return p.Wait(ctx)
	})
	fmt.Println(err)
	// Output:
	// acquire vm-7: no boot device
}

func ExampleAcquireTimeout() {
	hangs := func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, hangs, exitpool.AcquireTimeout(time.Millisecond), exitpool.Name("slow"))
		return p.Wait(ctx)
	})
	fmt.Println(err)
	// Output:
	// acquire slow: context deadline exceeded
}

func ExampleReleaseTimeout() {
	hangs := func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
		s.Defer(func(ctx context.Context) error { <-ctx.Done(); return nil })
		return 0, nil
	}
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, hangs, exitpool.ReleaseTimeout(time.Millisecond), exitpool.Name("slow"))
		return p.Wait(ctx)
	})
	fmt.Println(err)
	// Output:
	// release slow: exitpool: grace period over
}

func ExampleOptional() {
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		cache := exitpool.Start(p, StartVM("bad cache"), exitpool.Optional(), exitpool.Name("cache"))
		if err := p.Wait(ctx); err != nil {
			return err
		}
		_, err := cache.Get(ctx)
		fmt.Println("going on without:", err)
		return nil
	})
	fmt.Println(err)
	// Output:
	// going on without: acquire cache: no boot device
	// <nil>
}
