package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/require"
)

func TestTheJournalBlamesWhatFailedAndNothingElse(t *testing.T) {
	var b bytes.Buffer
	j := &journal{start: time.Now(), w: &b}
	require.Error(t, exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
		serves := exitpool.Start(p, func(_ context.Context, s *exitpool.ExitStack) (int, error) {
			s.Go(func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
			return 0, nil
		}, exitpool.Name("serves"))
		exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
			<-ctx.Done()
			return 0, context.Cause(ctx)
		}, exitpool.Name("other"))
		exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
			if _, err := serves.Get(ctx); err != nil {
				return 0, err
			}
			return 0, errors.New("refused")
		}, exitpool.Name("db"))
		return p.Wait(ctx)
	}, exitpool.Observe(j.observe)))
	require.Equal(t, 1, strings.Count(b.String(), "not opened"), b.String())
	require.Contains(t, b.String(), " db not opened: refused\n")
	require.Contains(t, b.String(), " other cancelled\n")
	require.NotContains(t, b.String(), "lost")
}
