package proptest

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestRealTime runs programs on the scheduler as it is: for -race.
func TestRealTime(t *testing.T) {
	n := count(t, 300)
	for i := range n {
		seed := *from + i
		p := Programs.Example(seed)
		if problems, log := realTime(t, p); len(problems) > 0 {
			t.Fatalf("PROPTEST_SEED=%d\n%s\n%s\n%s", seed, strings.Join(problems, "\n"), p, log)
		}
	}
}

// realTime runs p on real goroutines. A hang is found by a watchdog, and a leak by
// the number of goroutines.
func realTime(t *testing.T, p *Program) ([]string, *Log) {
	before := runtime.NumGoroutine()
	var log *Log
	watchdog := time.AfterFunc(time.Minute, func() {
		buf := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "hangs: %s\n%s\n%s", p, log, buf[:runtime.Stack(buf, true)])
		os.Exit(2)
	})
	_, obs := RunWith(p, true, func(l *Log) { log = l })
	settled := settle(before)
	watchdog.Stop()
	problems := Check(p, log.All(), obs, false)
	if !settled {
		problems = append(problems, fmt.Sprintf("R8: %d goroutines before, %d after", before, runtime.NumGoroutine()))
	}
	return problems, log
}

// settle waits until there are no more goroutines than before.
func settle(before int) bool {
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(100 * time.Microsecond)
	}
	return true
}
