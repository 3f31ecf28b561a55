// Command mutate tells how much of the root package its tests notice. It puts all
// mutants into one copy of the package, each behind a switch, builds its tests once, and
// runs them once for each mutant. (gremlins builds the tests for each: that takes ten
// times as long; and it does not take statements out, which is what finds most here.)
//
//	go run ./ci/mutate               # all, about ten minutes on two cores
//	go run ./ci/mutate -only 17,18   # these
//	go run ./ci/mutate -every 10     # a tenth
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

var (
	only  = flag.String("only", "", "the numbers of the mutants to run; all without it")
	every = flag.Int("every", 1, "run one of so many")
)

// What is left out: slow tests that kill nothing that the others do not, and those
// that look at the source.
const skip = "TestAMillionEntries|TestStress|TestTheAPI|TestVetCatches|TestTheCodeOfTheReadme|TestTheReadme|TestALongChain|TestALongLived|TestAPoolHoldsNoMemory"

func main() {
	log.SetFlags(0)
	flag.Parse()
	binary, mutants := build()
	defer os.RemoveAll(filepath.Dir(binary))
	if killed := run(binary, 0); killed {
		log.Fatal("the tests fail without a mutant")
	}
	chosen := choose(mutants)
	lived := make([]bool, len(mutants))
	var wg sync.WaitGroup
	work := make(chan int)
	for range 2 {
		wg.Go(func() {
			for i := range work {
				lived[i] = !run(binary, i+1)
			}
		})
	}
	for _, i := range chosen {
		work <- i
	}
	close(work)
	wg.Wait()
	n := 0
	for i, lives := range lived {
		if why := explained[mutants[i].key()]; lives && why == "" {
			fmt.Printf("lived: %d %s\n", i+1, mutants[i])
			n++
		} else if lives {
			fmt.Printf("lived: %d %s (%s)\n", i+1, mutants[i], why)
		}
	}
	fmt.Printf("%d mutants, %d lived without an explanation\n", len(chosen), n)
	if 20*n > len(chosen) {
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
		chosen = append(chosen, i)
	}
	return chosen
}

// build makes the copy and returns its test binary.
func build() (binary string, mutants []mutant) {
	dir, err := os.MkdirTemp("", "mutate")
	check(err)
	out, err := exec.Command("git", "clone", "-q", ".", filepath.Join(dir, "repo")).CombinedOutput()
	if err != nil {
		log.Fatalf("%v\n%s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(dir, "repo", "*.go"))
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
	check(os.WriteFile(filepath.Join(dir, "repo", "mutants.go"), []byte(switches), 0o644))
	binary = filepath.Join(dir, "repo", "mutants.test")
	cmd := exec.Command("go", "test", "-c", "-o", binary, ".")
	cmd.Dir = filepath.Join(dir, "repo")
	if out, err := cmd.CombinedOutput(); err != nil {
		log.Fatalf("%v\n%s", err, out)
	}
	return binary, mutants
}

// run reports whether the tests fail with mutant n.
func run(binary string, n int) (killed bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.short", "-test.failfast", "-test.skip", skip)
	cmd.Dir = filepath.Dir(binary)
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
