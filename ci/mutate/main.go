// Command mutate tells how much of the root package the tests notice. It puts all
// mutants into one copy of the package, each behind a switch, builds the tests once, and
// runs them once for each mutant: the package's own, and for what lives those that take
// longer, and random programs. (gremlins builds the tests for each: that takes ten
// times as long; and it does not take statements out, which is what finds most here.)
//
//	go run ./ci/mutate               # all, about an hour on two cores
//	go run ./ci/mutate -only 17,18   # these
//	go run ./ci/mutate -files get.go # those of a file
//	go run ./ci/mutate -every 10     # a tenth
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

var (
	only  = flag.String("only", "", "the numbers of the mutants to run; all without it")
	files = flag.String("files", "", "the files of which to run the mutants; all without it")
	every = flag.Int("every", 1, "run one of so many")
)

// A suite is a test binary and its arguments. The first that fails kills.
type suite struct {
	dir  string // in the repository
	args []string
}

const (
	slow   = "TestAMillionEntries|TestALongChain|TestALongLived|TestAPoolHoldsNoMemory"
	source = "TestStress|TestTheAPI|TestVetCatches|TestTheCodeOfTheReadme|TestTheReadme" // they look at the source
)

var suites = []suite{
	{".", []string{"-test.short", "-test.failfast", "-test.skip", slow + "|" + source}},
	{".", []string{"-test.run", slow}},
	{"internal/proptest", []string{"-test.run", "TestPrograms|TestSeeds", "-programs", "6000"}},
	{"internal/proptest", []string{"-test.run", "TestRealTime", "-programs", "500"}},
}

func main() {
	log.SetFlags(0)
	flag.Parse()
	repo, mutants := build()
	defer os.RemoveAll(filepath.Dir(repo))
	if killed := run(repo, 0); killed {
		log.Fatal("the tests fail without a mutant")
	}
	stale(mutants)
	chosen := choose(mutants)
	var (
		wg sync.WaitGroup
		mu sync.Mutex
		n  int // that lived without an explanation
	)
	work := make(chan int)
	for range 4 * runtime.NumCPU() { // many of them hang, and wait to be killed
		wg.Go(func() {
			for i := range work {
				if run(repo, i+1) {
					continue
				}
				mu.Lock()
				if why := explained[mutants[i].key()]; why != "" {
					fmt.Printf("lived: %d %s (%s)\n", i+1, mutants[i], why)
				} else {
					fmt.Printf("lived: %d %s\n", i+1, mutants[i])
					n++
				}
				mu.Unlock()
			}
		})
	}
	for _, i := range chosen {
		work <- i
	}
	close(work)
	wg.Wait()
	fmt.Printf("%d mutants, %d lived without an explanation\n", len(chosen), n)
	if 20*n > len(chosen) {
		os.Exit(1)
	}
}

// stale ends the program if there is an explanation of nothing.
func stale(mutants []mutant) {
	left := maps.Clone(explained)
	for _, m := range mutants {
		delete(left, m.key())
	}
	for key := range left {
		log.Printf("explained, but there is no such mutant: %s", key)
	}
	if len(left) > 0 {
		os.Exit(1)
	}
}

func choose(mutants []mutant) (chosen []int) {
	if *only != "" {
		for _, s := range strings.Split(*only, ",") {
			n, err := strconv.Atoi(s)
			if err != nil {
				log.Fatal(err)
			}
			chosen = append(chosen, n-1)
		}
		return chosen
	}
	for i := 0; i < len(mutants); i += *every {
		if *files == "" || slices.Contains(strings.Split(*files, ","), mutants[i].file) {
			chosen = append(chosen, i)
		}
	}
	return chosen
}

// build makes the copy, and the test binaries in it.
func build() (repo string, mutants []mutant) {
	dir, err := os.MkdirTemp("", "mutate")
	check(err)
	repo = filepath.Join(dir, "repo")
	out, err := exec.Command("git", "clone", "-q", ".", repo).CombinedOutput()
	if err != nil {
		log.Fatalf("%v\n%s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(repo, "*.go"))
	check(err)
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			src, err := os.ReadFile(name)
			check(err)
			changed, found := mutate(filepath.Base(name), src, len(mutants))
			mutants = append(mutants, found...)
			check(os.WriteFile(name, changed, 0o644))
		}
	}
	check(os.WriteFile(filepath.Join(repo, "mutants.go"), []byte(switches), 0o644))
	for _, s := range suites {
		cmd := exec.Command("go", "test", "-c", "-o", "mutants.test", ".")
		cmd.Dir = filepath.Join(repo, s.dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			log.Fatalf("%v\n%s", err, out)
		}
	}
	return repo, mutants
}

// run reports whether the tests fail with mutant n.
func run(repo string, n int) (killed bool) {
	for _, s := range suites {
		if s.fails(repo, n) {
			return true
		}
	}
	return false
}

func (s suite) fails(repo string, n int) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "./mutants.test", s.args...)
	cmd.Dir = filepath.Join(repo, s.dir)
	cmd.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(n))
	out, err := cmd.CombinedOutput()
	if n == 0 && err != nil {
		log.Printf("%s", out)
	}
	return err != nil
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
