package proptest

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

var (
	programs = flag.Int("programs", 0, "how many programs each test runs; 0: some hundreds")
	runs     = flag.Int("runs", 300, "how often PROPTEST_SEED runs its program before it passes")
	from     = flag.Int("from", 1, "the seed of the first one")
)

// TestPrograms runs programs in virtual time.
func TestPrograms(t *testing.T) {
	if s := os.Getenv("PROPTEST_SEED"); s != "" {
		seed, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		replay(t, seed)
		return
	}
	n := count(t, 1000)
	var next, failures atomic.Int64
	for worker := range 2 {
		t.Run(fmt.Sprint("worker ", worker), func(t *testing.T) {
			t.Parallel()
			for failures.Load() < 5 {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				seed := *from + i
				p := Programs.Example(seed)
				if r := virtual(t, p); len(r.problems) > 0 {
					failures.Add(1)
					t.Errorf("PROPTEST_SEED=%d\n%s\n%s\n%s", seed, strings.Join(r.problems, "\n"), p, r.log)
				}
			}
		})
	}
}

// count is how many programs a test runs.
func count(t *testing.T, usual int) int {
	switch {
	case *programs > 0:
		return *programs
	case testing.Short():
		return usual / 5
	}
	return usual
}

// replay runs one program, several times if it passes: it may depend on the
// scheduler.
func replay(t *testing.T, seed int) {
	p := Programs.Example(seed)
	t.Logf("seed %d\n%s", seed, p)
	for i := range *runs {
		r := virtual(t, p)
		if i == 0 || len(r.problems) > 0 {
			t.Logf("log\n%s", r.log)
		}
		if len(r.problems) > 0 {
			t.Logf("run %d: %s", i, strings.Join(r.problems, "\n"))
			shrink(t, seed, id(r.problems[0]))
			t.Error("it failed, and did not again")
			return
		}
	}
}

// A result is the log of a run and what is wrong with it.
type result struct {
	log      *Log
	problems []string
}

// virtual runs p in a bubble, where a hang is a deadlock that is detected.
func virtual(t *testing.T, p *Program) (r result) {
	defer func() {
		if v := recover(); v != nil {
			r.problems = append(r.problems, fmt.Sprint("hangs: ", v))
			if r.log == nil {
				r.log = &Log{}
			}
		}
	}()
	var obs *observations
	synctest.Test(t, func(t *testing.T) { _, obs = RunWith(p, false, func(l *Log) { r.log = l }) })
	r.problems = Check(p, r.log.All(), obs, true)
	return r
}

// shrink has rapid make the program again and look for a smaller one that breaks the
// same guarantee. What rapid compares must not depend on who came first.
func shrink(t *testing.T, seed int, guarantee string) {
	for name, value := range map[string]string{"rapid.seed": strconv.Itoa(seed), "rapid.checks": "1", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		p := Programs.Draw(rt, "program")
		for range 10 { // it may depend on the scheduler
			for _, problem := range checked(t, rt, p) {
				if id(problem) == guarantee {
					rt.Fatal(guarantee)
				}
			}
		}
	})
}

// checked runs p and logs what is wrong with it.
func checked(t *testing.T, rt *rapid.T, p *Program) []string {
	r := virtual(t, p)
	if len(r.problems) > 0 {
		rt.Logf("%s\n%s\n%s", strings.Join(r.problems, "\n"), p, r.log)
	}
	return r.problems
}

// id returns the number of the guarantee that a problem breaks.
func id(problem string) string {
	id, _, _ := strings.Cut(problem, ":")
	return id
}
