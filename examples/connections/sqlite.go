package main

import (
	"context"
	"database/sql"

	"github.com/exitpool/exitpool"
	_ "modernc.org/sqlite" // registers "sqlite"
)

// OpenSQLite returns the Resource of an SQLite database in a file, which is made if
// there is none. There is no connection that could be lost.
func OpenSQLite(file string) exitpool.Resource[*sql.DB] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*sql.DB, error) {
		db, err := sql.Open("sqlite", file) // which does not open the file yet
		if err != nil {
			return nil, err
		}
		s.DeferClose(db)
		if err := db.PingContext(ctx); err != nil {
			return nil, whyNot(ctx, err)
		}
		return db, nil
	}
}
