package exittest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exittest"
)

// In the examples t comes from test, which stands for package testing. What t.Error
// and t.Fatal say is printed by report.

func report(t *fakeT) { fmt.Print(strings.Join(append(t.lines, ""), "\n")) }

// openLog opens a log that is kept if the test failed.
func openLog(_ context.Context, s *exitpool.ExitStack) (string, error) {
	fmt.Println("open the log")
	s.Push(func(_ context.Context, cause error) error {
		if errors.Is(cause, exittest.ErrFailed) {
			fmt.Println("keep the log")
			return nil
		}
		fmt.Println("remove the log")
		return nil
	})
	return "log", nil
}

// openDB opens a database that cannot be closed.
func openDB(_ context.Context, s *exitpool.ExitStack) (string, error) {
	fmt.Println("open the database")
	s.Defer(func(context.Context) error { return errors.New("it is in use") })
	return "database", nil
}

func ExampleEnter() {
	report(test(func(t testing.TB) {
		log := exittest.Enter(t, openLog)
		db := exittest.Enter(t, openDB, exitpool.Name("db"))
		fmt.Println("test with", log, "and", db)
	}))
	// Output:
	// open the log
	// open the database
	// test with log and database
	// keep the log
	// exittest: release db: it is in use
}

func ExampleStack() {
	report(test(func(t testing.TB) {
		s, ctx := exittest.Stack(t)
		db, err := exitpool.Enter(ctx, s, openDB, exitpool.Name("db"))
		if err != nil {
			t.Fatal(err)
		}
		s.Cancel(errors.New("connection lost")) // as a callback of the database would
		<-ctx.Done()
		fmt.Println(db, "has gone:", context.Cause(ctx))
	}))
	// Output:
	// open the database
	// database has gone: connection lost
	// exittest: connection lost
	// exittest: release db: it is in use
}

func ExamplePool() {
	machine := func(name string) exitpool.Resource[string] {
		return func(_ context.Context, s *exitpool.ExitStack) (string, error) {
			s.Defer(func(context.Context) error { return errors.New("hangs in shutdown") })
			return name, nil
		}
	}
	report(test(func(t testing.TB) {
		p, ctx := exittest.Pool(t)
		a := exitpool.Start(p, machine("a"), exitpool.Name("vm-a"))
		b := exitpool.Start(p, machine("b"), exitpool.Name("vm-b"))
		if err := p.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		fmt.Println(a.Value(), "pings", b.Value())
	}))
	// Output:
	// a pings b
	// exittest: release vm-a: hangs in shutdown
	// exittest: release vm-b: hangs in shutdown
}

func ExampleNewFixture() {
	// Package-level variables of the tests.
	server := exittest.NewFixture(func(_ context.Context, s *exitpool.ExitStack) (string, error) {
		fmt.Println("start the server")
		s.Defer(func(context.Context) error { fmt.Println("stop the server"); return nil })
		return "server", nil
	})
	schema := exittest.NewFixture(func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
		server, err := server.Get(ctx) // so it is dropped before the server stops
		if err != nil {
			return "", err
		}
		fmt.Println("create the schema")
		s.Defer(func(context.Context) error { fmt.Println("drop the schema"); return nil })
		return "schema on the " + server, nil
	})

	m := tests(func() (status int) { // testing.M runs the tests
		report(test(func(t testing.TB) { fmt.Println("test 1:", schema.Use(t)) }))
		report(test(func(t testing.TB) { fmt.Println("test 2:", schema.Use(t)) }))
		return 0
	})
	exittest.WithFixtures(m).Run() // TestMain calls exittest.Main(m)
	// Output:
	// start the server
	// create the schema
	// test 1: schema on the server
	// test 2: schema on the server
	// drop the schema
	// stop the server
}

func ExampleFixture_Get() {
	db := exittest.NewFixture(openLog)
	m := tests(func() (status int) {
		v, err := db.Get(context.Background()) // an Example has no t
		fmt.Println(v, err)
		return 0
	})
	exittest.WithFixtures(m).Run()
	// Output:
	// open the log
	// log <nil>
	// remove the log
}

func ExampleFixture_Use() {
	db := exittest.NewFixture(func(context.Context, *exitpool.ExitStack) (string, error) {
		fmt.Println("dial")
		return "", errors.New("connection refused")
	}, exitpool.Name("db"))
	m := tests(func() (status int) {
		for range 2 {
			report(test(func(t testing.TB) { fmt.Println(db.Use(t)) }))
		}
		return 1
	})
	exittest.WithFixtures(m).Run()
	// Output:
	// dial
	// exittest: acquire db: connection refused
	// exittest: acquire db: connection refused
}

func ExampleWithFixtures() {
	db := exittest.NewFixture(openDB, exitpool.Name("db"))
	m := tests(func() (status int) {
		report(test(func(t testing.TB) { db.Use(t) }))
		return 0
	})
	defer func(old *os.File) { os.Stderr = old }(os.Stderr)
	os.Stderr = os.Stdout

	// TestMain: goleak.VerifyTestMain(exittest.WithFixtures(m))
	status := exittest.WithFixtures(m).Run()
	fmt.Println("status", status)
	// Output:
	// open the database
	// exittest: release db: it is in use
	// status 1
}

// Main calls os.Exit, so here it does in a test binary of its own, whose TestMain is
//
//	func TestMain(m *testing.M) { exittest.Main(m) }
func ExampleMain() {
	out, status := runBinary("exittest", "failing in release", "-test.run=^TestFixturesInATestBinary$")
	fmt.Print(out)
	fmt.Println("status", status)
	// Output:
	// + shared
	// + user of shared
	// PASS
	// - user of shared <nil>
	// - shared <nil>
	// exittest: release exittest_test.leaves: broken
	// status 1
}
