package timeline_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/timeline"
	"github.com/stretchr/testify/require"
)

func TestWhatWasOnlyCancelledIsNoFailureAndWhatFailedBesidesIs(t *testing.T) {
	for _, broken := range []error{nil, errors.New("broken pipe")} {
		var rec timeline.Recorder
		ctx, end := context.WithCancelCause(t.Context())
		cancel := func() { end(errors.New("elsewhere")) }
		s, _ := exitpool.NewStack(context.WithoutCancel(t.Context()), exitpool.Observe(rec.Observe))
		_, err := exitpool.Enter(ctx, s, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			s.Defer(func(context.Context) error { return broken })
			cancel()
			return 0, context.Cause(ctx)
		}, exitpool.Name("db"))
		require.Error(t, err)
		require.NoError(t, s.Close())
		var text strings.Builder
		require.NoError(t, rec.WriteText(&text, 80))
		require.Equal(t, broken != nil, strings.Contains(text.String(), "✗"), text.String())
	}
}
