// Package exitlog logs what a scope does, with log/slog.
//
//	err := exitpool.WithPool(ctx, body, exitpool.Observe(exitlog.Observer(slog.Default())))
package exitlog

import (
	"context"
	"log/slog"

	"github.com/exitpool/exitpool"
)

// Observer returns an observer, for exitpool.Observe, that logs each event as one
// record:
//
//	                beginning         end                 error
//	acquisition     acquiring DEBUG   acquired INFO       not acquired ERROR
//	release         releasing DEBUG   released INFO       not released ERROR
//	task            running   DEBUG   ended    INFO       failed       ERROR
//
// Of an acquisition or task that was only cancelled (see exitpool.Event) the end is logged
// at INFO, with the error for which it was. A Cancel that came too late is
// the end of a task with the name "Cancel".
//
// The attributes are op, name and id; parent, if it is inside a member; at the end
// elapsed, and where there are some uses, the IDs of the members that it got, and err.
//
// The observer may be called concurrently, and does nothing between two records. It
// makes none whose level the handler does not want. A handler that fails is not
// heard; one that panics makes a panic of the scope, after everything is released.
// Observer panics if logger is nil.
func Observer(logger *slog.Logger) func(exitpool.Event) {
	if logger == nil {
		panic("exitlog: Observer: nil Logger")
	}
	return func(ev exitpool.Event) {
		message, level := says(ev)
		ctx := context.Background()
		if logger.Enabled(ctx, level) {
			logger.LogAttrs(ctx, level, message, attributes(ev)...)
		}
	}
}

// wordsOf are the messages of a beginning, an end and a failure. Never written.
var wordsOf = map[exitpool.Op][3]string{
	exitpool.OpAcquire: {"acquiring", "acquired", "not acquired"},
	exitpool.OpRelease: {"releasing", "released", "not released"},
	exitpool.OpRun:     {"running", "ended", "failed"},
}

// says returns the message of an event, and its level.
func says(ev exitpool.Event) (string, slog.Level) {
	words, known := wordsOf[ev.Op]
	if !known {
		words = [3]string{"begins", "ends", "fails"}
	}
	switch {
	case !ev.Done:
		return words[0], slog.LevelDebug
	case ev.Err == nil || ev.Cancelled && ev.Op == exitpool.OpRun:
		return words[1], slog.LevelInfo
	case ev.Cancelled:
		return words[2], slog.LevelInfo
	}
	return words[2], slog.LevelError
}

func attributes(ev exitpool.Event) []slog.Attr {
	attrs := make([]slog.Attr, 0, 7)
	attrs = append(attrs, slog.String("op", string(ev.Op)), slog.String("name", ev.Name), slog.Uint64("id", ev.ID))
	if ev.Parent != 0 {
		attrs = append(attrs, slog.Uint64("parent", ev.Parent))
	}
	if ev.Done {
		attrs = append(attrs, slog.Duration("elapsed", ev.Elapsed))
	}
	if len(ev.Uses) > 0 {
		attrs = append(attrs, slog.Any("uses", ev.Uses))
	}
	if ev.Err != nil {
		attrs = append(attrs, slog.Any("err", ev.Err))
	}
	return attrs
}
