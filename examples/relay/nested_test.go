package main

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// relayed is RunNested for played: the outer peer's script comes first.
func relayed(ctx context.Context, urls []string, log *Log) error {
	return RunNested(ctx, urls[0], urls[1], log)
}

var (
	bothRegistered = []string{"registered outer", "registered inner"}
	innerReleased  = []string{"reader of inner ended", "released inner"}
	outerReleased  = []string{"reader of outer ended", "released outer"}
	relayedWell    = []string{"message 1", "message 2", "message 3", goodbye, "closed with StatusNormalClosure"}
)

func TestTheLossOfTheInnerConnectionReleasesBothInOrder(t *testing.T) {
	for _, ending := range []Ending{Drop, Cut} {
		t.Run(ending.String(), func(t *testing.T) {
			o := played(t.Context(), io.Discard, relayed, Script{Ending: Stay}, Script{Messages: 3, Ending: ending})
			require.ErrorIs(t, o.err, ErrConnectionLost)
			require.ErrorContains(t, o.err, "run inner: ")
			require.Equal(t, lines(bothRegistered, threeMessages, []string{"reader of inner ended", "body ends", "released inner"},
				outerReleased), o.log)
			require.Equal(t, relayedWell, o.seen[0], "the outer one is usable until it is released itself")
			require.Equal(t, lines(threeAnswers, []string{ending.String()}), o.seen[1])
		})
	}
}

func TestTheLossOfTheOuterConnectionReleasesBothInOrder(t *testing.T) {
	for _, ending := range []Ending{Drop, Cut} {
		t.Run(ending.String(), func(t *testing.T) {
			o := played(t.Context(), io.Discard, relayed, Script{Reads: 1, Ending: ending}, Script{Messages: 1, Ending: Stay})
			require.ErrorIs(t, o.err, ErrConnectionLost)
			require.ErrorContains(t, o.err, "run outer: ")
			require.Equal(t, lines(bothRegistered, []string{"received message 1", "reader of outer ended", "body ends"},
				innerReleased, []string{"released outer"}), o.log)
			require.Equal(t, []string{"message 1", ending.String()}, o.seen[0])
			require.Equal(t, []string{"ack message 1", "closed with StatusNormalClosure"}, o.seen[1])
		})
	}
}

func TestABodyThatReturnsNilClosesBothConnectionsWithoutAnError(t *testing.T) {
	o := played(t.Context(), io.Discard, relayed, Script{Ending: Stay}, Script{Messages: 3, Ending: Finish})
	require.NoError(t, o.err)
	require.Equal(t, lines(bothRegistered, threeMessages, []string{"received end"}, innerReleased, outerReleased), o.log)
	require.Equal(t, relayedWell, o.seen[0])
	require.Equal(t, lines(threeAnswers, closedWell), o.seen[1])
}

func TestTheCallersCancellationStillClosesBothConnectionsWell(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	o := played(t.Context(), onLine{"received message 3", func() { cancel(why) }}, func(_ context.Context, urls []string, log *Log) error {
		return relayed(ctx, urls, log)
	}, Script{Ending: Stay}, Script{Messages: 3, Ending: Stay})
	require.ErrorIs(t, o.err, context.Canceled)
	require.ErrorIs(t, o.err, why)
	require.NotErrorIs(t, o.err, ErrConnectionLost)
	require.Equal(t, lines(bothRegistered, threeMessages, []string{"body ends"}, innerReleased, outerReleased), o.log)
	require.Equal(t, relayedWell, o.seen[0])
	require.Equal(t, lines(threeAnswers, closedWell), o.seen[1])
}

func TestAnInnerPeerThatRefusesTheDialReleasesTheOuterOne(t *testing.T) {
	o := played(t.Context(), io.Discard, relayed, Script{Ending: Stay}, Script{Ending: Refuse})
	require.ErrorContains(t, o.err, "acquire inner: failed to WebSocket dial")
	require.NotErrorIs(t, o.err, ErrConnectionLost)
	require.Equal(t, lines([]string{"registered outer", "not registered inner"}, outerReleased), o.log)
	require.Equal(t, []string{goodbye, "closed with StatusNormalClosure"}, o.seen[0])
	require.Empty(t, o.seen[1])
}

func TestAnOuterPeerThatRefusesTheDialLeavesTheInnerOneAlone(t *testing.T) {
	o := played(t.Context(), io.Discard, relayed, Script{Ending: Refuse}, Script{Ending: Stay})
	require.ErrorContains(t, o.err, "acquire outer: failed to WebSocket dial")
	require.Equal(t, []string{"not registered outer"}, o.log)
	require.Empty(t, o.seen[1])
}
