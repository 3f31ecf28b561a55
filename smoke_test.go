package exitpool_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/stretchr/testify/require"
)

func TestSmoke(t *testing.T) {
	var log []string
	res := func(name string) exitpool.Resource[string] {
		return func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
			s.Defer(func(context.Context) error { log = append(log, "release "+name); return nil })
			return name, nil
		}
	}
	err := exitpool.WithStack(context.Background(), func(ctx context.Context, s *exitpool.ExitStack) error {
		a, err := exitpool.Enter(ctx, s, res("a"))
		require.NoError(t, err)
		require.Equal(t, "a", a)
		_, err = exitpool.Enter(ctx, s, exitpool.Gather(res("b")))
		require.NoError(t, err)
		s.Defer(func(context.Context) error { log = append(log, "c"); return errors.New("broken") })
		return nil
	})
	fmt.Printf("%v\n%+v\n", err, err)
	require.Equal(t, []string{"c", "release b", "release a"}, log)
	err = exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		db := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			time.Sleep(10 * time.Millisecond)
			s.Defer(func(context.Context) error { log = append(log, "db"); return nil })
			return 1, nil
		})
		api := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			v, err := db.Get(ctx)
			s.Defer(func(context.Context) error { log = append(log, "api"); return nil })
			return v + 1, err
		})
		require.NoError(t, p.Wait(ctx))
		require.Equal(t, 2, api.Value())
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"c", "release b", "release a", "api", "db"}, log)
	err = exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			<-ctx.Done()
			return 1, ctx.Err()
		})
		exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
			return 0, errors.New("boot")
		}, exitpool.Name("vm"))
		<-ctx.Done()
		return p.Wait(ctx)
	})
	require.EqualError(t, err, "acquire vm: boot")
	require.Panics(t, func() {
		exitpool.WithPool(context.Background(), func(ctx context.Context, p *exitpool.ExitPool) error {
			exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) { panic("x") })
			return p.Wait(ctx)
		})
	})
}
