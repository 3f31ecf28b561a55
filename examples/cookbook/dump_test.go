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
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			signals := make(chan os.Signal)
			go cookbook.Dump(ctx, &out, p, signals)
			db := exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			}, exitpool.Name("db"))
			exitpool.Start(p, func(ctx context.Context, _ *exitpool.ExitStack) (int, error) { return db.Get(ctx) }, exitpool.Name("api"))
			time.Sleep(time.Hour)
			signals <- syscall.SIGQUIT
			synctest.Wait()
			p.Cancel(nil)
			return p.Wait(ctx)
		})
		assert.NoError(t, err)
		assert.Regexp(t, `\{Name:db State:acquiring Since:2000-01-01 00:00:00 .* WaitsFor:\[\]\} \{Name:api State:waiting Since:.* WaitsFor:\[db\]\}`, out.String())
	})
}
