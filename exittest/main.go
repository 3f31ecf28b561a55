package exittest

import (
	"fmt"
	"os"

	"github.com/exitpool/exitpool"
)

// M is what Main needs of a *testing.M, and goleak.VerifyTestMain too.
type M interface {
	Run() int
}

// Main runs the tests, releases all fixtures, and calls os.Exit: with the status of
// the tests, or with 1 if they passed but a fixture failed in releasing or has died.
// It is what TestMain calls:
//
//	func TestMain(m *testing.M) { exittest.Main(m) }
//
// It exits itself, because a TestMain that forgets os.Exit would lose that status:
// testing then exits with that of the tests. What failed is printed to os.Stderr, a
// line each. opts are those of the pool in which the fixtures are. The time limit of go
// test, -timeout, is over when the tests are: a fixture that may hang in releasing wants
// Grace and Abandon, with which the binary ends and names it.
//
// What ends the process at once releases nothing: os.Exit and log.Fatal in a test, a
// panic of a test (though testing still calls its t.Cleanup functions), -timeout, and a
// signal. Ctrl-C at a terminal reaches go test, which waits for the test binary, and the
// test binary, which dies of it. With -fuzz the binary is run several times at once, and
// each has fixtures of its own.
//
// Main panics if m is nil, or if the tests run inside of Main already.
func Main(m M, opts ...exitpool.Option) {
	os.Exit(WithFixtures(m, opts...).Run())
}

// WithFixtures is Main for a TestMain that has more to do: Run of what it returns
// runs the tests, releases all fixtures, and returns the status with which to exit.
// So it goes together with what wants to look at the process afterwards:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(exittest.WithFixtures(m)) }
//
// Where nothing else exits, it is os.Exit(exittest.WithFixtures(m).Run()): without
// os.Exit the status of the fixtures is lost.
//
// If m.Run panics the fixtures are released before the panic goes on. A second Run,
// after the first, has new fixtures. WithFixtures panics if m is nil, Run if
// another one is running.
func WithFixtures(m M, opts ...exitpool.Option) M {
	if m == nil {
		panic("exittest: WithFixtures: nil M")
	}
	return &withFixtures{m, opts}
}

type withFixtures struct {
	m    M
	opts []exitpool.Option
}

// Run implements M.
func (w *withFixtures) Run() (status int) {
	r := begin(w.opts)
	status = 2 // if m.Run does not return
	defer func() {
		for _, err := range r.end(status) {
			fmt.Fprintln(os.Stderr, text(err))
			status = max(status, 1)
		}
	}()
	return w.m.Run()
}
