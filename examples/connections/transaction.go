package main

import (
	"context"
	"database/sql"

	"github.com/exitpool/exitpool"
	"github.com/jackc/pgx/v5"
)

// Begin returns the Resource of a transaction of PostgreSQL. Its release is told why
// the scope ends: after success it commits. After an error, a forced exit, a panic
// or runtime.Goexit it rolls back.
func Begin(conn *pgx.Conn) exitpool.Resource[pgx.Tx] {
	return func(ctx context.Context, s *exitpool.ExitStack) (pgx.Tx, error) {
		tx, err := conn.Begin(ctx)
		if err != nil {
			return nil, whyNot(ctx, err)
		}
		s.Push(func(ctx context.Context, cause error) error {
			if cause == nil {
				return tx.Commit(ctx)
			}
			err := tx.Rollback(ctx)
			if conn.IsClosed() {
				return nil // the server rolls back what was open on a lost connection
			}
			return err
		})
		return tx, nil
	}
}

// BeginSQL is Begin for database/sql.
func BeginSQL(db *sql.DB) exitpool.Resource[*sql.Tx] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*sql.Tx, error) {
		// database/sql rolls back when ctx ends. ctx is the lifetime of the
		// transaction, so that is not before its release. (With the context of the
		// body there would be nothing to commit: that has ended before.)
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return nil, whyNot(ctx, err)
		}
		s.Push(func(_ context.Context, cause error) error {
			if cause == nil {
				return tx.Commit()
			}
			return tx.Rollback()
		})
		return tx, nil
	}
}
