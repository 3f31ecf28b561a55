package exitotel_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/exitotel"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom")

// record returns the spans that f made under a span named "run", by name.
func record(t *testing.T, f func(ctx context.Context, observe exitpool.Option)) map[string]tracetest.SpanStub {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(exporter))
	tracer := provider.Tracer("test")
	ctx, run := tracer.Start(t.Context(), "run")
	f(ctx, exitpool.Observe(exitotel.Observer(ctx, tracer)))
	run.End()
	spans := map[string]tracetest.SpanStub{}
	for _, span := range exporter.GetSpans() {
		require.NotContains(t, spans, span.Name, "one span for each")
		spans[span.Name] = span
	}
	require.NoError(t, provider.Shutdown(context.Background()))
	return spans
}

func takes(d time.Duration) exitpool.Resource[int] {
	return func(_ context.Context, s *exitpool.ExitStack) (int, error) {
		time.Sleep(d)
		s.Defer(func(context.Context) error { time.Sleep(d); return nil })
		return 0, nil
	}
}

func TestAcquisitionsAndReleasesAreSpansUnderTheCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spans := record(t, func(ctx context.Context, observe exitpool.Option) {
			assert.NoError(t, exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
				db := exitpool.Start(p, takes(time.Second), exitpool.Name("db"))
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
					if _, err := db.Get(ctx); err != nil {
						return 0, err
					}
					return exitpool.Enter(ctx, s, takes(time.Minute), exitpool.Name("listener"))
				}, exitpool.Name("api"))
				return p.Wait(ctx)
			}, observe))
		})
		parent := map[string]string{"acquire db": "run", "release db": "run", "acquire api": "run", "release api": "run",
			"acquire listener": "acquire api", "release listener": "release api"}
		took := map[string]time.Duration{"acquire db": time.Second, "release db": time.Second,
			"acquire api": time.Minute + time.Second, "release api": time.Minute,
			"acquire listener": time.Minute, "release listener": time.Minute}
		assert.Len(t, spans, len(parent)+1)
		for name, around := range parent {
			assert.Equal(t, spans[around].SpanContext.SpanID(), spans[name].Parent.SpanID(), name)
			assert.Equal(t, took[name], spans[name].EndTime.Sub(spans[name].StartTime), name)
			assert.Equal(t, codes.Unset, spans[name].Status.Code, name)
		}
		assert.Equal(t, []string{"acquire db"}, links(spans, "acquire api"))
		assert.Equal(t, []string{"acquire api"}, links(spans, "release api"))
	})
}

// links are the names of the spans to which one is linked.
func links(spans map[string]tracetest.SpanStub, name string) (to []string) {
	for _, link := range spans[name].Links {
		for other, span := range spans {
			if span.SpanContext.SpanID() == link.SpanContext.SpanID() {
				to = append(to, other)
			}
		}
	}
	return to
}

func TestErrorsAreRecorded(t *testing.T) {
	spans := record(t, func(ctx context.Context, observe exitpool.Option) {
		s, ctx := exitpool.NewStack(ctx, observe)
		_, err := exitpool.Enter(ctx, s, func(context.Context, *exitpool.ExitStack) (int, error) { return 0, errBoom }, exitpool.Name("db"))
		assert.ErrorIs(t, err, errBoom)
		_, err = exitpool.Enter(ctx, s, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { return errBoom })
			return 0, nil
		}, exitpool.Name("cache"))
		assert.NoError(t, err)
		assert.ErrorIs(t, s.Close(), errBoom)
	})
	for name, status := range map[string]codes.Code{"acquire db": codes.Error, "acquire cache": codes.Unset, "release cache": codes.Error} {
		require.Contains(t, spans, name)
		assert.Equal(t, status, spans[name].Status.Code, name)
		events := 0
		if status == codes.Error {
			assert.Contains(t, spans[name].Status.Description, "boom")
			events = 1
		}
		assert.Len(t, spans[name].Events, events, name)
	}
	assert.Len(t, spans, 4, "what failed is not released")
}

func TestWhatWasOnlyCancelledIsNoErrorAndSaysWhy(t *testing.T) {
	spans := record(t, func(ctx context.Context, observe exitpool.Option) {
		assert.Error(t, exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
				<-ctx.Done()
				return 0, context.Cause(ctx)
			}, exitpool.Name("other"))
			exitpool.Start(p, func(context.Context, *exitpool.ExitStack) (int, error) { return 0, errBoom }, exitpool.Name("db"))
			return p.Wait(ctx)
		}, observe))
	})
	assert.Equal(t, codes.Error, spans["acquire db"].Status.Code)
	assert.Equal(t, codes.Unset, spans["acquire other"].Status.Code)
	assert.Empty(t, spans["acquire other"].Events)
	assert.Contains(t, spans["acquire other"].Attributes, attribute.String("exitpool.cancelled", "acquire db: boom"))
}

func TestASpanOfAResourceHasTheCallersForItsParent(t *testing.T) {
	var inside, callers trace.SpanContext
	record(t, func(ctx context.Context, observe exitpool.Option) {
		callers = trace.SpanContextFromContext(ctx)
		assert.NoError(t, exitpool.Use(ctx, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
			inside = trace.SpanContextFromContext(ctx) // of which a driver makes its spans
			return 0, nil
		}, func(context.Context, int) error { return nil }, observe))
	})
	assert.Equal(t, callers, inside)
}

func TestATaskIsASpanOfItsMember(t *testing.T) {
	spans := record(t, func(ctx context.Context, observe exitpool.Option) {
		assert.NoError(t, exitpool.Use(ctx, exitpool.Resource[int](func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Go(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			return 0, nil
		}), func(context.Context, int) error { return nil }, observe))
	})
	var task, member string
	for name, span := range spans {
		if slices.Contains(span.Attributes, attribute.String("exitpool.op", "run")) {
			task = name
		}
		if slices.Contains(span.Attributes, attribute.String("exitpool.op", "acquire")) {
			member = name
		}
	}
	require.NotEmpty(t, task)
	assert.Equal(t, spans[member].SpanContext.SpanID(), spans[task].Parent.SpanID())
}

func TestACancelThatComesTooLateIsASpanOfNoLength(t *testing.T) {
	spans := record(t, func(ctx context.Context, observe exitpool.Option) {
		s, _ := exitpool.NewStack(ctx, observe)
		assert.NoError(t, s.Close())
		s.Cancel(errBoom)
	})
	require.Contains(t, spans, "run Cancel")
	assert.Equal(t, codes.Error, spans["run Cancel"].Status.Code)
}

func TestInstantsAreThoseOfTheEvents(t *testing.T) {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	exporter := tracetest.NewInMemoryExporter()
	observe := exitotel.Observer(t.Context(), sdk.NewTracerProvider(sdk.WithSyncer(exporter)).Tracer("test"))
	ev := exitpool.Event{Op: exitpool.OpAcquire, ID: 1, Name: "db", Start: start}
	observe(ev)
	ev.Done, ev.Elapsed, ev.Err = true, time.Hour, errBoom
	observe(ev)
	spans := exporter.GetSpans()
	require.Len(t, spans, 1)
	assert.Equal(t, start, spans[0].StartTime.UTC())
	assert.Equal(t, start.Add(time.Hour), spans[0].EndTime.UTC())
	assert.Equal(t, start.Add(time.Hour), spans[0].Events[0].Time.UTC())
}

func TestNothingIsKeptOfWhatIsReleased(t *testing.T) {
	tracer := sdk.NewTracerProvider().Tracer("test")
	p, ctx := exitpool.NewPool(t.Context(), exitpool.Observe(exitotel.Observer(t.Context(), tracer)))
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for range 3000 {
		e := exitpool.Start(p, takes(0))
		_, err := e.Get(ctx)
		require.NoError(t, err)
		require.NoError(t, e.Release())
	}
	assert.Less(t, heap(), before+1<<20)
	assert.NoError(t, p.Close())
}

func TestMisusePanics(t *testing.T) {
	tracer := sdk.NewTracerProvider().Tracer("test")
	assert.PanicsWithValue(t, "exitotel: Observer: nil Context", func() { exitotel.Observer(nil, tracer) }) //lint:ignore SA1012 that is the test
	assert.PanicsWithValue(t, "exitotel: Observer: nil Tracer", func() { exitotel.Observer(t.Context(), nil) })
}

func ExampleObserver() {
	exporter := tracetest.NewInMemoryExporter()
	var tracer trace.Tracer = sdk.NewTracerProvider(sdk.WithSyncer(exporter)).Tracer("example")
	ctx, span := tracer.Start(context.Background(), "run")
	db := func(_ context.Context, s *exitpool.ExitStack) (string, error) {
		s.Defer(func(context.Context) error { return nil })
		return "db", nil
	}
	exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, db, exitpool.Name("db"))
		return p.Wait(ctx)
	}, exitpool.Observe(exitotel.Observer(ctx, tracer)))
	span.End()
	var names []string
	for _, span := range exporter.GetSpans() {
		names = append(names, span.Name)
	}
	slices.Sort(names)
	fmt.Println(names)
	// Output: [acquire db release db run]
}
