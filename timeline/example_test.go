package timeline_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/timeline"
)

// recorded is a Recorder that was told what a scope with two members would have told.
func recorded() *timeline.Recorder {
	var rec timeline.Recorder
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	tell := func(op exitpool.Op, id uint64, name string, from, to time.Duration, uses ...uint64) {
		ev := exitpool.Event{Op: op, ID: id, Name: name, Start: start.Add(from)}
		rec.Observe(ev)
		ev.Done, ev.Elapsed, ev.Uses = true, to-from, uses
		rec.Observe(ev)
	}
	tell(exitpool.OpAcquire, 1, "db", 0, 1200*time.Millisecond)
	tell(exitpool.OpAcquire, 2, "api", 0, 1920*time.Millisecond, 1)
	tell(exitpool.OpRelease, 2, "api", 2500*time.Millisecond, 2800*time.Millisecond)
	tell(exitpool.OpRelease, 1, "db", 2800*time.Millisecond, 3300*time.Millisecond)
	return &rec
}

func ExampleRecorder() {
	var rec timeline.Recorder
	err := exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, func(context.Context, *exitpool.ExitStack) (int, error) { return 1, nil }, exitpool.Name("db"))
		return p.Wait(ctx)
	}, exitpool.Observe(rec.Observe))
	fmt.Println(err, len(rec.Startup().Steps) == 1)
	// Output: <nil> true
}

func ExampleRecorder_Observe() {
	var rec timeline.Recorder
	start := time.Now()
	rec.Observe(exitpool.Event{Op: exitpool.OpAcquire, ID: 1, Name: "db", Start: start})
	rec.Observe(exitpool.Event{Op: exitpool.OpAcquire, ID: 1, Name: "db", Start: start, Elapsed: time.Second, Done: true})
	fmt.Println(rec.Startup())
	// Output: 1.00 s: db 1.00 s
}

func ExampleRecorder_WriteText() {
	if err := recorded().WriteText(os.Stdout, 60); err != nil {
		fmt.Println(err)
	}
	// Output:
	// start-up  1.92 s: db 1.20 s → api 720 ms
	//           faster db saves up to 1.20 s
	//           faster api saves up to 720 ms
	// shutdown  800 ms: api 300 ms → db 500 ms
	//           faster db saves up to 500 ms
	//           faster api saves up to 300 ms
	// db  1.20 s ████████████████───────────────────███████ 500 ms
	// api 1.92 s ░░░░░░░░░░░░░░░██████████──────█████       300 ms
	//            ╵0 s        ╵1 s         ╵2 s         ╵3 s
}

func ExampleRecorder_WriteSVG() {
	var picture strings.Builder
	err := recorded().WriteSVG(&picture)
	fmt.Println(err, strings.HasPrefix(picture.String(), "<svg "))
	// Output: <nil> true
}

func ExampleRecorder_WriteTrace() {
	var data strings.Builder
	err := recorded().WriteTrace(&data)
	fmt.Println(err, json.Valid([]byte(data.String())))
	// Output: <nil> true
}

func ExampleRecorder_Startup() {
	p := recorded().Startup()
	for _, s := range p.Steps {
		fmt.Println(s.Name, s.Elapsed)
	}
	// Output:
	// db 1.2s
	// api 720ms
}

func ExampleRecorder_Shutdown() {
	p := recorded().Shutdown()
	fmt.Println(p.Elapsed, len(p.Steps))
	// Output: 800ms 2
}

func ExamplePath_String() {
	fmt.Println(recorded().Shutdown())
	// Output: 800 ms: api 300 ms → db 500 ms
}

func ExampleHint_String() {
	fmt.Println(timeline.Hint{Name: "db", Own: 1200 * time.Millisecond, Saves: 300 * time.Millisecond, Then: "cache"})
	// Output: faster db saves up to 300 ms, then cache leads
}
