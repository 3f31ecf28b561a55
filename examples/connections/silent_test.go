package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/require"
)

// promptly is what no client, left to itself, keeps: the shortest time after which
// one of them gives up is two seconds.
const promptly = 1500 * time.Millisecond

func TestAServiceThatAcceptsAndNeverAnswersIsNamedWhenItsTimeIsUp(t *testing.T) {
	for _, s := range services(t) {
		t.Run(s.name, func(t *testing.T) {
			w := listen(t, "")
			start := time.Now()
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, s.open(s.at(w.addr)), exitpool.Name(s.name), exitpool.AcquireTimeout(200*time.Millisecond))
				return p.Wait(ctx)
			})
			require.Less(t, time.Since(start), promptly)
			require.ErrorContains(t, err, "acquire "+s.name+": ")
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotContains(t, err.Error(), "closed network connection")
			requireCut(t, w)
		})
	}
}

func TestCancellationWhileConnectingIsTheResultAndLeavesNothing(t *testing.T) {
	all := services(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	var wires []*wire
	var ended time.Time
	err := exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
		for _, s := range all {
			w := listen(t, "")
			wires = append(wires, w)
			exitpool.Start(p, s.open(s.at(w.addr)), exitpool.Name(s.name))
		}
		for _, w := range wires {
			<-w.accepted // each client is in the middle of connecting
		}
		ended = time.Now()
		cancel(why)
		return p.Wait(ctx)
	})
	require.Less(t, time.Since(ended), promptly)
	require.ErrorIs(t, err, why)
	require.ErrorIs(t, err, context.Canceled)
	require.NotContains(t, err.Error(), "closed network connection")
	t.Log(err)
	requireCut(t, wires...)
}

func TestAServiceThatNeverAnswersIsCancelledByTheFailureOfAnother(t *testing.T) {
	failed := errors.New("failed")
	for _, s := range services(t) {
		t.Run(s.name, func(t *testing.T) {
			w := listen(t, "")
			start := time.Now()
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, s.open(s.at(w.addr)), exitpool.Name(s.name))
				exitpool.Start(p, func(context.Context, *exitpool.ExitStack) (any, error) {
					<-w.accepted
					return nil, failed
				}, exitpool.Name("other"))
				return p.Wait(ctx)
			})
			require.Less(t, time.Since(start), promptly)
			require.EqualError(t, err, "acquire other: failed", "and no noise of the one that was cancelled")
			requireCut(t, w)
		})
	}
}

func TestAServiceThatFallsSilentIsCutWhenTheGraceIsOver(t *testing.T) {
	for _, s := range services(t) {
		t.Run(s.name, func(t *testing.T) {
			w := listen(t, hostport(s))
			var ended time.Time
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, s.open(s.at(w.addr)), exitpool.Name(s.name))
				if err := p.Wait(ctx); err != nil {
					return err
				}
				w.goMute()
				ended = time.Now()
				return nil
			}, exitpool.Grace(200*time.Millisecond))
			require.Less(t, time.Since(ended), promptly)
			if err != nil { // some need no answer to close
				require.ErrorIs(t, err, exitpool.ErrGrace)
				require.ErrorContains(t, err, "release "+s.name+": ")
			}
			t.Logf("after %v: %v", time.Since(ended), err)
			requireCut(t, w)
		})
	}
}

// hostport returns where s is: between what stands before and behind it in any of
// its addresses.
func hostport(s service) string {
	before, behind, _ := strings.Cut(s.at("|"), "|")
	return strings.TrimSuffix(strings.TrimPrefix(s.addr, before), behind)
}
