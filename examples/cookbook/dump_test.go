package cookbook_test

import (
	"bytes"
	"context"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/examples/cookbook"
	"github.com/stretchr/testify/assert"
)

func TestDumpNamesTheOneThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		signals := make(chan os.Signal)
		around, end := context.WithCancel(t.Context())
		defer end()
		err := exitpool.WithPool(around, func(ctx context.Context, p *exitpool.ExitPool) error {
			go cookbook.Dump(around, &out, p, signals)
			db := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (int, error) {
				s.Defer(func(context.Context) error { // hangs too
					time.Sleep(time.Hour)
					signals <- syscall.SIGQUIT
					synctest.Wait()
					return nil
				})
				time.Sleep(2 * time.Hour)
				return 0, nil
			}, exitpool.Name("db"))
			exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) { return db.Get(ctx) }, exitpool.Name("api"))
			time.Sleep(time.Hour)
			signals <- syscall.SIGQUIT
			synctest.Wait()
			return p.Wait(ctx)
		})
		assert.NoError(t, err)
		assert.Equal(t, "db: acquiring for 1h0m0s\napi: waiting for 1h0m0s, waits for db\ndb: releasing for 1h0m0s\n", out.String())
	})
}
