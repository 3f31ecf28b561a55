package exittest_test

import (
	"os"
	"testing"

	"github.com/exitpool/exitpool/exittest"
	"go.uber.org/goleak"
)

// A subordinate test binary (see scenario) has the TestMain that its scenario names.
func TestMain(m *testing.M) {
	switch os.Getenv("EXITTEST_MAIN") {
	case "exittest":
		exittest.Main(m)
	case "goleak":
		goleak.VerifyTestMain(exittest.WithFixtures(m))
	case "none":
		os.Exit(m.Run())
	default: // the tests call WithFixtures themselves
		goleak.VerifyTestMain(m)
	}
}
