package main

import (
	"context"
	"errors"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/require"
)

func TestOneThatIsConnectedInTheMomentOfCancellationIsClosedWithoutNoise(t *testing.T) {
	all := services(t)
	errOther := errors.New("another has failed")
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				exitpool.Start(p, func(ctx context.Context, stack *exitpool.ExitStack) (any, error) {
					v, err := s.open(s.addr)(ctx, stack)
					require.NoError(t, err)
					p.Cancel(errOther) // before anybody knows that it is connected
					<-ctx.Done()
					return v, nil
				}, exitpool.Name(s.name))
				return p.Wait(ctx)
			})
			require.Equal(t, errOther, err)
		})
	}
	requireGone(t, all)
}
