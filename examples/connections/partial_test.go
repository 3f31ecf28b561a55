package main

import (
	"context"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// openAll starts all of them in p.
func openAll(p *exitpool.ExitPool, all []service) []*exitpool.Entry[any] {
	entries := make([]*exitpool.Entry[any], len(all))
	for i, s := range all {
		entries[i] = exitpool.Start(p, s.open(s.addr), exitpool.Name(s.name))
	}
	return entries
}

func TestSixServicesAreOpenTogetherAndClosedTogether(t *testing.T) {
	all := services(t)
	err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		openAll(p, all)
		if err := p.Wait(ctx); err != nil {
			return err
		}
		requireOpen(t, all)
		return nil
	})
	require.NoError(t, err)
	requireGone(t, all)
}

func TestAWrongPortIsNamedAndTheOthersAreClosed(t *testing.T) {
	for i, name := range serviceNames {
		t.Run(name, func(t *testing.T) {
			all := services(t)
			wrong := all[i]
			others := append(append([]service{}, all[:i]...), all[i+1:]...)
			err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
				entries := openAll(p, others)
				exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (any, error) {
					for _, e := range entries { // it fails when the others are open
						if _, err := e.Get(ctx); err != nil {
							return nil, err
						}
					}
					for _, o := range others {
						assert.Positive(t, o.count(t), o.name)
					}
					return wrong.open(wrong.at(refused(t)))(ctx, s)
				}, exitpool.Name(name))
				return p.Wait(ctx)
			})
			require.ErrorContains(t, err, "acquire "+name+": ")
			requireNoOther(t, err, name)
			requireGone(t, others)
		})
	}
}

func TestAWrongPortAmongThoseThatStillConnectLeavesNothing(t *testing.T) {
	all := services(t)
	for i := range all {
		start := time.Now()
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			mixed := append([]service{}, all...)
			mixed[i].addr = mixed[i].at(refused(t))
			openAll(p, mixed)
			return p.Wait(ctx)
		})
		require.ErrorContains(t, err, "acquire "+all[i].name+": ")
		requireNoOther(t, err, all[i].name)
		t.Logf("%v after %v", err, time.Since(start))
	}
	requireGone(t, all)
}

var serviceNames = []string{"postgres", "mariadb", "redis", "nats", "rabbitmq", "mqtt"}

// requireNoOther requires that err speaks of no service but the named one.
func requireNoOther(t *testing.T, err error, name string) {
	t.Helper()
	for _, other := range serviceNames {
		if other != name {
			require.NotContains(t, err.Error(), " "+other+": ")
		}
	}
}

func TestTwoMembersWithOneNameAreBothClosed(t *testing.T) {
	all := services(t)
	twice := []service{all[0], all[0]}
	err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		openAll(p, twice)
		if err := p.Wait(ctx); err != nil {
			return err
		}
		require.Equal(t, 4, all[0].count(t), "two connections of each")
		return nil
	})
	require.NoError(t, err)
	requireGone(t, all)
}

func TestAClientIdentifierThatComesAgainEndsTheFirstConnectionAndIsNamed(t *testing.T) {
	all := services(t)
	broker := all[5]
	err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		openAll(p, []service{broker})
		if err := p.Wait(ctx); err != nil {
			return err
		}
		openAll(p, []service{broker})
		<-ctx.Done()
		return nil
	})
	require.ErrorContains(t, err, "mqtt: connection lost: ")
	requireGone(t, all)
}
