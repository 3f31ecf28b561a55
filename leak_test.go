package exitpool_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime/pprof"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		if status == 0 {
			status = leaked()
		}
		os.Exit(status)
	}))
}

// leaked asks the runtime, where it can tell (GOEXPERIMENT=goroutineleakprofile), for
// goroutines that nothing can wake any more. With EXITPOOL_LEAKS it has to.
func leaked() (status int) {
	leaks := pprof.Lookup("goroutineleak")
	if leaks == nil {
		if os.Getenv("EXITPOOL_LEAKS") != "" {
			fmt.Println("this toolchain has no goroutineleak profile")
			return 1
		}
		return 0
	}
	var text bytes.Buffer
	if err := leaks.WriteTo(&text, 1); err != nil {
		fmt.Println(err)
		return 1
	}
	if !bytes.HasPrefix(text.Bytes(), []byte("goroutineleak profile: total 0\n")) {
		fmt.Println(text.String())
		return 1
	}
	return 0
}
