// Package exittest gives tests and benchmarks fixtures: resources that are released
// when the test has ended, or, shared by all tests, when the test binary has.
//
//	var db = exittest.NewFixture(OpenDB) // at its first use, once for the package
//
//	func TestMain(m *testing.M) { exittest.Main(m) } // releases db
//
//	func TestTransfer(t *testing.T) {
//		tx := exittest.Enter(t, BeginTx(db.Use(t))) // until this test has ended
//		...
//	}
//
// A fixture is an [exitpool.Resource], the same as in the program. Whatever fails in
// it fails a test, or the test binary, with a line that names it: an acquisition, a
// release, a resource that dies while it is held, a panic. After a failed test,
// functions given to Push are told ErrFailed, so that they can keep logs and files.
//
// # Coming from pytest
//
//	pytest                                      exittest
//	@pytest.fixture, def db():                  a Resource: func(ctx, s) (*DB, error)
//	yield db, and what follows it               s.Defer, or exitpool.ContextManager with its yield
//	request.addfinalizer(f)                     s.Defer(f)
//	def test_x(db):                             db := exittest.Enter(t, OpenDB)
//	scope="function"                            Enter, Stack or Pool with the t of the test
//	scope="class" or "module"                   Enter with the t of a test, for its subtests
//	scope="package" or "session"                NewFixture: one package is one test binary. None spans several
//	a fixture that uses another                 Enter(t, BeginTx(db)); of the package: db.Get(ctx) in the Resource
//	lazy: only if a test asks for it            so is each
//	teardown in reverse order                   Enter: reverse. NewFixture: users first, else concurrently
//	a fixture that fails: the test has an error t.Fatal; NewFixture: of each test that uses it, not tried again
//	teardown that fails: an error of the test   t.Error; NewFixture: a line, and exit status 1
//	autouse=True                                nothing: call Use or Enter, from a helper if many tests do
//	params=[...]                                a loop with t.Run and Enter(t, OpenDB(param))
//	fixture factory                             a function that returns a Resource
//	conftest.py                                 a package with Resources, or Fixtures, that tests import
//	several at the same time                    Enter(t, exitpool.Gather(a, b)), or Pool
//	request.node.rep_call.failed in teardown    s.Push: the cause is ErrFailed
//	pytest.skip() in a fixture                  t.Skip in a Resource that closes over t; NewFixture: if _, err := db.Get(t.Context()); err != nil { t.Skip(err) }
//	tmp_path, monkeypatch                       t.TempDir, t.Setenv
//
// # Bubbles
//
// Enter, Stack and Pool work in a bubble of testing/synctest: all they start belongs
// to it and ends in it. A Fixture cannot be used inside one; it says so.
package exittest
