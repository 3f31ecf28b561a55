package timeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/timeline"
	"github.com/stretchr/testify/require"
)

// A traceFile is the JSON Object Format of "Trace Event Format"; what it does not have
// is not known to Perfetto.
type traceFile struct {
	DisplayTimeUnit string       `json:"displayTimeUnit"`
	TraceEvents     []traceEvent `json:"traceEvents"`
}

type traceEvent struct {
	Ph, Cat, Name, BP, S string
	PID, TID, ID         *int
	TS, Dur              *float64
	Args                 map[string]any
}

// trace parses what WriteTrace writes, by the rules of the format.
func trace(t *testing.T, rec *timeline.Recorder) (events []traceEvent) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, rec.WriteTrace(&b))
	var f traceFile
	d := json.NewDecoder(&b)
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&f))
	require.Equal(t, "ms", f.DisplayTimeUnit)
	require.NotNil(t, f.TraceEvents)
	flows := map[int]string{}
	named := map[int]string{}
	for _, ev := range f.TraceEvents {
		require.NotEmpty(t, ev.Name)
		require.NotNil(t, ev.PID)
		require.NotNil(t, ev.TID)
		require.NotNil(t, ev.TS)
		require.GreaterOrEqual(t, *ev.TS, 0.0)
		require.Equal(t, ev.Ph == "X", ev.Dur != nil)
		switch ev.Ph {
		case "M":
			require.Contains(t, []string{"process_name", "thread_name", "thread_sort_index"}, ev.Name)
			if ev.Name == "thread_name" {
				require.NotContains(t, named, *ev.TID)
				named[*ev.TID] = ev.Args["name"].(string)
			}
		case "X":
			require.GreaterOrEqual(t, *ev.Dur, 0.0)
			require.Contains(t, named, *ev.TID)
		case "B":
		case "s":
			require.Empty(t, flows[*ev.ID])
			flows[*ev.ID] = "s"
			requireInside(t, f.TraceEvents, ev)
		case "f":
			require.Equal(t, "s", flows[*ev.ID])
			require.Equal(t, "e", ev.BP) // it ends in the slice around it
			flows[*ev.ID] = "f"
			requireInside(t, f.TraceEvents, ev)
		case "i":
			require.Equal(t, "t", ev.S)
		default:
			require.Fail(t, "not known", ev.Ph)
		}
	}
	for _, ended := range flows {
		require.Equal(t, "f", ended)
	}
	requireNested(t, f.TraceEvents)
	return f.TraceEvents
}

// requireInside requires a slice around the end of an arrow.
func requireInside(t *testing.T, events []traceEvent, ev traceEvent) {
	t.Helper()
	for _, s := range events {
		if s.Ph == "X" && *s.TID == *ev.TID && *s.TS <= *ev.TS && *ev.TS <= *s.TS+*s.Dur {
			return
		}
	}
	require.Fail(t, "no slice", "%+v", ev)
}

// requireNested requires that slices on a track do not overlap.
func requireNested(t *testing.T, events []traceEvent) {
	t.Helper()
	over := map[int]float64{}
	for _, ev := range events {
		if ev.Ph == "X" {
			require.GreaterOrEqual(t, *ev.TS+0.0005, over[*ev.TID], "%+v", ev)
			over[*ev.TID] = *ev.TS + *ev.Dur
		}
	}
}

func withPhase(events []traceEvent, ph string) (found []traceEvent) {
	for _, ev := range events {
		if ev.Ph == ph {
			found = append(found, ev)
		}
	}
	return found
}

func TestTheTraceHasSlicesAndArrows(t *testing.T) {
	events := trace(t, record(t, service))
	type slice struct {
		name    string
		ts, dur float64
	}
	var slices []slice
	for _, ev := range withPhase(events, "X") {
		slices = append(slices, slice{ev.Cat + ": " + ev.Name, *ev.TS, *ev.Dur})
	}
	require.Equal(t, []slice{
		{"start-up: db", 0, 1200000}, {"start-up: api", 1200000, 720000},
		{"shutdown: api", 2920000, 300000}, {"shutdown: db", 3220000, 500000},
		{"acquire: acquire db", 0, 1200000}, {"release: release db", 3220000, 500000},
		{"acquire: acquire cache", 0, 900000}, {"release: release cache", 3220000, 200000},
		{"acquire: acquire api", 0, 1920000}, {"release: release api", 2920000, 300000},
	}, slices)
	var from, to []float64
	for _, ev := range withPhase(events, "s") {
		from = append(from, *ev.TS)
	}
	for _, ev := range withPhase(events, "f") {
		to = append(to, *ev.TS)
	}
	require.Equal(t, []float64{1199999.999, 3219999.999, 899999.999, 3219999.999}, from)
	require.Equal(t, []float64{1200000, 3220000, 900000, 3220000}, to)
}

func TestTheTraceTellsErrorsTasksAndWhatIsOpenOrLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec timeline.Recorder
		p, ctx := exitpool.NewPool(t.Context(), exitpool.Observe(rec.Observe))
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Go(func(ctx context.Context) error { <-ctx.Done(); return nil })
			s.Defer(func(context.Context) error {
				p.Cancel(errors.New("its own close handler"))
				return errors.New("broken\npipe")
			})
			return 0, nil
		}, exitpool.Name("<a>\n"))
		require.NoError(t, p.Wait(ctx))
		time.Sleep(time.Second)
		open := withPhase(trace(t, &rec), "B")
		require.Len(t, open, 1)
		require.Equal(t, "run <a>\n", open[0].Name)
		require.Error(t, p.Close())

		events := trace(t, &rec)
		require.Empty(t, withPhase(events, "B"))
		late := withPhase(events, "i")
		require.Len(t, late, 1)
		require.Equal(t, "run Cancel", late[0].Name)
		require.Equal(t, "its own close handler", late[0].Args["error"])
		for _, ev := range withPhase(events, "X") {
			if ev.Name == "release <a>\n" {
				require.Equal(t, "broken pipe", ev.Args["error"])
				return
			}
		}
		require.Fail(t, "the release is missing")
	})
}

func TestTheTraceIsComplete(t *testing.T) {
	require.Len(t, withPhase(trace(t, thousand(t)), "X"), 1+1000+999) // the path, and what was acquired and released
}

func TestATraceOfNothingIsATrace(t *testing.T) {
	require.Empty(t, trace(t, new(timeline.Recorder)))
}
