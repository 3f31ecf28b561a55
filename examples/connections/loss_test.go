package main

import (
	"context"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/require"
)

func TestAKilledConnectionForcesTheExitAndIsNamed(t *testing.T) {
	for i, name := range serviceNames {
		t.Run(name, func(t *testing.T) {
			all := services(t)
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				openAll(p, all)
				if err := p.Wait(ctx); err != nil {
					return err
				}
				all[i].kill(t)
				<-ctx.Done() // the body is told
				require.ErrorContains(t, context.Cause(ctx), name+": connection lost: ")
				return ctx.Err()
			})
			require.ErrorContains(t, err, name+": connection lost: ")
			require.NotErrorIs(t, err, context.Canceled)
			require.NotContains(t, err.Error(), "; ", "and nothing else failed")
			t.Log(err)
			requireGone(t, all)
		})
	}
}

func TestAReleaseOfOneConnectionIsNoLossToTheOthers(t *testing.T) {
	all := services(t)
	err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		entries := openAll(p, all)
		if err := p.Wait(ctx); err != nil {
			return err
		}
		for _, e := range entries {
			require.NoError(t, e.Release(), e.Name())
			require.NoError(t, ctx.Err(), "after the release of %s", e.Name())
		}
		requireGone(t, all)
		return ctx.Err()
	})
	require.NoError(t, err)
}

func TestAnOptionalConnectionThatIsLostEndsNothing(t *testing.T) {
	all := services(t)
	for i, s := range all {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			e := exitpool.Start(p, s.open(s.addr), exitpool.Name(s.name), exitpool.Optional())
			if _, err := e.Get(ctx); err != nil {
				return err
			}
			all[i].kill(t)
			require.Eventually(t, func() bool {
				_, err := e.Get(ctx)
				return err != nil
			}, soon, tick, "Get tells of the loss of %s", s.name)
			return ctx.Err()
		})
		require.NoError(t, err, s.name)
	}
	requireGone(t, all)
}
