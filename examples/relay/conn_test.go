package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/require"
)

func TestAPeerThatNeverAnswersTheCloseIsCutWhenTheGraceIsOver(t *testing.T) {
	for _, d := range []time.Duration{0, 10 * time.Millisecond} {
		var err error
		stopped := exitpool.Use(t.Context(), Serve(Script{Messages: 1, Ending: Deaf}), func(ctx context.Context, p *Peer) error {
			err = exitpool.Use(ctx, Connect(p.URL), func(ctx context.Context, c *Conn) error {
				<-c.Messages()
				return c.Send("ack")
			}, exitpool.Grace(d))
			return nil
		})
		require.NoError(t, stopped)
		// A release that only begins when the grace is over did not run over: nil.
		if err != nil {
			require.ErrorIs(t, err, exitpool.ErrGrace)
		}
		// Left to itself, the websocket would wait five seconds, and report this.
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	}
}

func TestAMessageThatNobodyReceivesDoesNotKeepTheConnectionOpen(t *testing.T) {
	for range 20 { // the message comes now before the close, now in the middle of it
		err := exitpool.Use(t.Context(), Serve(Script{Messages: 1, Ending: Stay}), func(ctx context.Context, p *Peer) error {
			return errors.Join(
				exitpool.Use(ctx, Connect(p.URL), func(context.Context, *Conn) error { return nil }),
				exitpool.Use(ctx, Subscribe(p.URL), func(context.Context, *Notifier) error { return nil }),
			)
		})
		require.NoError(t, err)
	}
}
