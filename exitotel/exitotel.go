// Package exitotel makes OpenTelemetry spans of what an exitpool scope does: one for
// each acquisition, task and release.
//
//	ctx, span := tracer.Start(ctx, "run")
//	defer span.End()
//	err := exitpool.WithPool(ctx, body, exitpool.Observe(exitotel.Observer(ctx, tracer)))
package exitotel

import (
	"context"
	"sync"

	"github.com/exitpool/exitpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Observer returns a function for exitpool.Observe. Each acquisition, task and
// release is a span named by its operation and its name, "acquire db". Its parent is
// the span in ctx; inside a member it is that of the member's acquisition, and for a
// release that of the member's release. An error is recorded and sets the status. A release
// is linked to its acquisition, and an acquisition to those of the members that it
// used. Instants are those of the events. The attributes are exitpool.op, exitpool.name
// and, of what was only cancelled (see exitpool.Event), exitpool.cancelled: why.
//
// An observer cannot change the context of what it observes: a span that a Resource
// starts has the span in ctx for its parent, not that of the acquisition.
//
// The observer may be given to several scopes, and is called from any goroutine. It
// keeps the span contexts of a member until that is released. It panics if ctx or
// tracer is nil.
func Observer(ctx context.Context, tracer trace.Tracer) func(exitpool.Event) {
	if ctx == nil {
		panic("exitotel: Observer: nil Context")
	}
	if tracer == nil {
		panic("exitotel: Observer: nil Tracer")
	}
	o := &observer{ctx: ctx, tracer: tracer, spans: map[key]trace.Span{}}
	return o.observe
}

type observer struct {
	ctx    context.Context
	tracer trace.Tracer

	mu    sync.Mutex // the tracer is called without it
	spans map[key]trace.Span
}

// key is an operation: a member has an acquisition and a release.
type key struct {
	id uint64
	op exitpool.Op
}

func (o *observer) observe(ev exitpool.Event) {
	if !ev.Done {
		o.begin(ev)
		return
	}
	span := o.finished(ev)
	if span == nil { // an event without a beginning: a Cancel that came too late
		span = o.begin(ev)
		o.finished(ev)
	}
	for _, id := range ev.Uses {
		if used := o.lookup(id, exitpool.OpAcquire); used != nil {
			span.AddLink(trace.Link{SpanContext: used.SpanContext(), Attributes: []attribute.KeyValue{attribute.String("exitpool.link", "uses")}})
		}
	}
	if ev.Cancelled {
		span.SetAttributes(attribute.String("exitpool.cancelled", ev.Err.Error()))
	} else if ev.Err != nil {
		span.RecordError(ev.Err, trace.WithTimestamp(ev.Start.Add(ev.Elapsed)))
		span.SetStatus(codes.Error, ev.Err.Error())
	}
	span.End(trace.WithTimestamp(ev.Start.Add(ev.Elapsed)))
}

func (o *observer) begin(ev exitpool.Event) trace.Span {
	opts := []trace.SpanStartOption{
		trace.WithTimestamp(ev.Start),
		trace.WithAttributes(attribute.String("exitpool.op", string(ev.Op)), attribute.String("exitpool.name", ev.Name)),
	}
	if ev.Op == exitpool.OpRelease {
		if acquired := o.lookup(ev.ID, exitpool.OpAcquire); acquired != nil {
			opts = append(opts, trace.WithLinks(trace.Link{SpanContext: acquired.SpanContext()}))
		}
	}
	ctx := o.ctx
	if around := o.around(ev); around != nil {
		ctx = trace.ContextWithSpan(ctx, around)
	}
	_, span := o.tracer.Start(ctx, string(ev.Op)+" "+ev.Name, opts...)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.spans[key{ev.ID, ev.Op}] = span
	return span
}

// around returns the span of the member inside which something happens. A task belongs
// to the acquisition that started it, also if its goroutine comes to run later.
func (o *observer) around(ev exitpool.Event) trace.Span {
	if ev.Op == exitpool.OpRelease {
		if span := o.lookup(ev.Parent, exitpool.OpRelease); span != nil {
			return span
		}
	}
	return o.lookup(ev.Parent, exitpool.OpAcquire)
}

func (o *observer) lookup(id uint64, op exitpool.Op) trace.Span {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.spans[key{id, op}]
}

// finished returns the span that ends, and forgets what nothing can refer to any more.
func (o *observer) finished(ev exitpool.Event) trace.Span {
	o.mu.Lock()
	defer o.mu.Unlock()
	k := key{ev.ID, ev.Op}
	span := o.spans[k]
	if ev.Op != exitpool.OpAcquire || ev.Err != nil { // else it is held
		delete(o.spans, k)
		delete(o.spans, key{ev.ID, exitpool.OpAcquire})
	}
	return span
}
