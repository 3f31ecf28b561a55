package main

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A bank is a database with a table of its own.
type bank struct {
	deposit exitpool.Resource[func(context.Context) error] // a transaction; its value writes a row
	rows    func(t *testing.T) int                         // as another connection sees them
}

// eachBank runs test with each kind of transaction.
func eachBank(t *testing.T, test func(*testing.T, bank)) {
	t.Run("postgres", func(t *testing.T) { test(t, postgresBank(t)) })
	t.Run("sqlite", func(t *testing.T) { test(t, sqliteBank(t)) })
}

func postgresBank(t *testing.T) bank {
	addr, _ := local(t, "postgres")
	table := clientName()
	admin, err := pgx.Connect(t.Context(), addr)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx := context.Background()
		_, err := admin.Exec(ctx, "drop table "+table)
		assert.NoError(t, err)
		assert.NoError(t, admin.Close(ctx))
	})
	_, err = admin.Exec(t.Context(), "create table "+table+" (n int)")
	require.NoError(t, err)
	return bank{
		deposit: func(ctx context.Context, s *exitpool.ExitStack) (func(context.Context) error, error) {
			conn, err := exitpool.Enter(ctx, s, OpenPostgres(addr, table), exitpool.Name("postgres"))
			if err != nil {
				return nil, err
			}
			tx, err := exitpool.Enter(ctx, s, Begin(conn), exitpool.Name("transaction"))
			return func(ctx context.Context) error {
				_, err := tx.Exec(ctx, "insert into "+table+" values (1)")
				return err
			}, err
		},
		rows: func(t *testing.T) (n int) {
			require.NoError(t, admin.QueryRow(t.Context(), "select count(*) from "+table).Scan(&n))
			return n
		},
	}
}

func sqliteBank(t *testing.T) bank {
	file := filepath.Join(t.TempDir(), "bank.db")
	admin, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, admin.Close()) })
	_, err = admin.Exec("create table deposits (n int)")
	require.NoError(t, err)
	return bank{
		deposit: func(ctx context.Context, s *exitpool.ExitStack) (func(context.Context) error, error) {
			db, err := exitpool.Enter(ctx, s, OpenSQLite(file), exitpool.Name("sqlite"))
			if err != nil {
				return nil, err
			}
			tx, err := exitpool.Enter(ctx, s, BeginSQL(db), exitpool.Name("transaction"))
			return func(ctx context.Context) error {
				_, err := tx.ExecContext(ctx, "insert into deposits values (1)")
				return err
			}, err
		},
		rows: func(t *testing.T) (n int) {
			require.NoError(t, admin.QueryRow("select count(*) from deposits").Scan(&n))
			return n
		},
	}
}

func TestATransactionCommitsOnSuccess(t *testing.T) {
	eachBank(t, func(t *testing.T, b bank) {
		err := exitpool.Use(t.Context(), b.deposit, func(ctx context.Context, deposit func(context.Context) error) error {
			require.NoError(t, deposit(ctx))
			require.Zero(t, b.rows(t), "nothing is to be seen before the end")
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 1, b.rows(t))
	})
}

func TestATransactionCommitsAlthoughTheCallerIsCancelledIfTheBodyReturnsNil(t *testing.T) {
	eachBank(t, func(t *testing.T, b bank) {
		ctx, cancel := context.WithCancel(t.Context())
		err := exitpool.Use(ctx, b.deposit, func(ctx context.Context, deposit func(context.Context) error) error {
			require.NoError(t, deposit(ctx))
			cancel()
			<-ctx.Done()
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 1, b.rows(t))
	})
}

func TestATransactionRollsBackOnFailure(t *testing.T) {
	failed := errors.New("failed")
	eachBank(t, func(t *testing.T, b bank) {
		ctx, cancel := context.WithCancel(t.Context())
		for name, end := range map[string]func() error{
			"error":        func() error { return failed },
			"cancellation": func() error { cancel(); return ctx.Err() },
		} {
			err := exitpool.Use(ctx, b.deposit, func(ctx context.Context, deposit func(context.Context) error) error {
				require.NoError(t, deposit(ctx), name)
				return end()
			})
			require.Error(t, err)
			require.Zero(t, b.rows(t), name)
			ctx, cancel = context.WithCancel(t.Context())
		}
		cancel()
	})
}

func TestATransactionRollsBackWhenTheScopeIsForcedToExit(t *testing.T) {
	failed := errors.New("failed")
	eachBank(t, func(t *testing.T, b bank) {
		err := exitpool.WithPool(t.Context(), func(ctx context.Context, p *exitpool.ExitPool) error {
			e := exitpool.Start(p, b.deposit)
			deposit, err := e.Get(ctx)
			require.NoError(t, err)
			require.NoError(t, deposit(ctx))
			p.Cancel(failed)
			return nil // the body does not know
		})
		require.Equal(t, failed, err)
		require.Zero(t, b.rows(t))
	})
}

func TestATransactionRollsBackWhenTheBodyPanicsOrCallsGoexit(t *testing.T) {
	eachBank(t, func(t *testing.T, b bank) {
		for _, end := range []func(){func() { panic("enough") }, runtime.Goexit} {
			deposited, ended := false, make(chan any)
			go func() {
				defer func() { ended <- recover() }()
				_ = exitpool.Use(t.Context(), b.deposit, func(ctx context.Context, deposit func(context.Context) error) error {
					deposited = assert.NoError(t, deposit(ctx))
					end()
					return nil
				})
			}()
			recovered := <-ended
			require.True(t, deposited)
			if recovered != nil {
				require.Equal(t, "enough", recovered)
			}
			require.Zero(t, b.rows(t))
		}
	})
}

func TestALostConnectionRollsBackWithoutASecondError(t *testing.T) {
	client := clientName()
	s := postgresService(t, client)
	err := exitpool.WithStack(t.Context(), func(ctx context.Context, stack *exitpool.ExitStack) error {
		conn, err := exitpool.Enter(ctx, stack, OpenPostgres(s.addr, client), exitpool.Name("postgres"))
		require.NoError(t, err)
		_, err = exitpool.Enter(ctx, stack, Begin(conn), exitpool.Name("transaction"))
		require.NoError(t, err)
		s.kill(t)
		<-ctx.Done()
		return nil
	})
	require.ErrorContains(t, err, "run postgres: connection lost: ")
	require.NotContains(t, err.Error(), "; ")
}
