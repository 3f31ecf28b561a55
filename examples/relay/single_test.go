package main

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// The two variants with one connection keep the same promises. The lines that only
// one of them writes are in wrote.
var singles = []struct {
	name string
	run  func(context.Context, string, *Log) error
	wrote
}{
	{"task", RunTask, wrote{
		loss:  []string{"reader of connection ended"},
		close: []string{"reader of connection ended"},
	}},
	{"callback", RunCallback, wrote{
		close: []string{"Cancel came late"},
	}},
}

// wrote is what the log says between the end of the last message and the body's
// (loss), and while the connection is closed (close).
type wrote struct{ loss, close []string }

// eachSingle runs test with each of the two variants.
func eachSingle(t *testing.T, test func(*testing.T, func(context.Context, []string, *Log) error, wrote)) {
	for _, v := range singles {
		t.Run(v.name, func(t *testing.T) {
			test(t, func(ctx context.Context, urls []string, log *Log) error { return v.run(ctx, urls[0], log) }, v.wrote)
		})
	}
}

// lines joins lists of lines.
func lines(lists ...[]string) (all []string) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

var (
	threeMessages = []string{"received message 1", "received message 2", "received message 3"}
	threeAnswers  = []string{"ack message 1", "ack message 2", "ack message 3"}
	closedWell    = []string{"closed with StatusNormalClosure"}
)

func TestALostConnectionEndsTheBodyInTheMiddleOfItsLoop(t *testing.T) {
	for _, ending := range []Ending{Drop, Cut} {
		t.Run(ending.String(), func(t *testing.T) {
			eachSingle(t, func(t *testing.T, run func(context.Context, []string, *Log) error, w wrote) {
				o := played(t.Context(), io.Discard, run, Script{Messages: 3, Ending: ending})
				require.ErrorIs(t, o.err, ErrConnectionLost)
				require.NotErrorIs(t, o.err, context.Canceled)
				require.Equal(t, lines([]string{"registered connection"}, threeMessages, w.loss,
					[]string{"body ends", "released connection"}), o.log)
				require.Equal(t, lines(threeAnswers, []string{ending.String()}), o.seen[0])
			})
		})
	}
}

func TestTheResultSaysWhyThePeerDroppedTheConnection(t *testing.T) {
	eachSingle(t, func(t *testing.T, run func(context.Context, []string, *Log) error, _ wrote) {
		o := played(t.Context(), io.Discard, run, Script{Messages: 1, Ending: Drop})
		var frame websocket.CloseError
		require.ErrorAs(t, o.err, &frame)
		require.Equal(t, websocket.CloseError{Code: websocket.StatusGoingAway, Reason: "restarting"}, frame)
		o = played(t.Context(), io.Discard, run, Script{Messages: 1, Ending: Cut})
		require.ErrorIs(t, o.err, io.EOF)
	})
}

func TestABodyThatReturnsNilClosesTheConnectionWithoutAnError(t *testing.T) {
	eachSingle(t, func(t *testing.T, run func(context.Context, []string, *Log) error, w wrote) {
		o := played(t.Context(), io.Discard, run, Script{Messages: 3, Ending: Finish})
		require.NoError(t, o.err)
		require.Equal(t, lines([]string{"registered connection"}, threeMessages, []string{"received end"}, w.close,
			[]string{"released connection"}), o.log)
		require.Equal(t, lines(threeAnswers, closedWell), o.seen[0])
	})
}

func TestTheCallersCancellationEndsTheBodyAndStillClosesTheConnectionWell(t *testing.T) {
	eachSingle(t, func(t *testing.T, run func(context.Context, []string, *Log) error, w wrote) {
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		out := onLine{"received message 3", func() { cancel(why) }}
		// The peers are not of the caller who is cancelled.
		o := played(t.Context(), out, func(_ context.Context, urls []string, log *Log) error {
			return run(ctx, urls, log)
		}, Script{Messages: 3, Ending: Stay})
		require.ErrorIs(t, o.err, context.Canceled)
		require.ErrorIs(t, o.err, why)
		require.NotErrorIs(t, o.err, ErrConnectionLost)
		require.Equal(t, lines([]string{"registered connection"}, threeMessages, []string{"body ends"}, w.close,
			[]string{"released connection"}), o.log)
		require.Equal(t, lines(threeAnswers, closedWell), o.seen[0])
	})
}

func TestARefusedDialIsTheResultAndTheBodyDoesNotRun(t *testing.T) {
	eachSingle(t, func(t *testing.T, run func(context.Context, []string, *Log) error, _ wrote) {
		o := played(t.Context(), io.Discard, run, Script{Ending: Refuse})
		require.ErrorContains(t, o.err, "acquire connection: failed to WebSocket dial")
		require.ErrorContains(t, o.err, "got 503")
		require.NotErrorIs(t, o.err, ErrConnectionLost)
		require.Equal(t, []string{"not registered connection"}, o.log)
		require.Empty(t, o.seen[0])
	})
}

func TestALossIsTheResultAlsoIfItComesBeforeTheBodyRuns(t *testing.T) {
	for _, ending := range []Ending{Drop, Cut} {
		t.Run(ending.String(), func(t *testing.T) {
			eachSingle(t, func(t *testing.T, run func(context.Context, []string, *Log) error, _ wrote) {
				for range 20 { // the loss is now in the acquisition, now in the body
					o := played(t.Context(), io.Discard, run, Script{Ending: ending})
					require.ErrorIs(t, o.err, ErrConnectionLost)
					require.NotErrorIs(t, o.err, context.Canceled)
				}
			})
		})
	}
}
