package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/go-sql-driver/mysql"
)

const (
	pingEvery = time.Second     // after which a loss is noticed
	pingTime  = 5 * time.Second // that a ping may take
)

// OpenMariaDB returns the Resource of a pool of connections to MariaDB or MySQL.
// dsn is "user:password@tcp(host:port)/database".
//
// A *sql.DB replaces connections that are lost, and so tells nobody. One connection
// is therefore taken out of it, and pinged by a task: if that is lost, the scope is
// forced to exit.
func OpenMariaDB(dsn string) exitpool.Resource[*sql.DB] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*sql.DB, error) {
		config, err := mysql.ParseDSN(dsn)
		if err != nil {
			return nil, err
		}
		config.Logger = &mysql.NopLogger{} // it would repeat, on stderr, what is returned
		connector, err := mysql.NewConnector(config)
		if err != nil {
			return nil, err
		}
		db := sql.OpenDB(connector) // which does not connect yet
		s.DeferClose(db)
		watched, err := db.Conn(ctx)
		if err != nil {
			return nil, whyNot(ctx, err)
		}
		s.Defer(func(context.Context) error {
			_ = watched.Close() // an error: it is lost, and has ended anyhow
			return nil
		})
		s.Go(func(ctx context.Context) error { return keepPinging(ctx, watched) })
		return db, nil
	}
}

// keepPinging returns an error when conn is lost, and nil when ctx ends.
func keepPinging(ctx context.Context, conn *sql.Conn) error {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		ping, cancel := context.WithTimeout(ctx, pingTime)
		err := conn.PingContext(ping)
		cancel()
		if ctx.Err() != nil {
			return nil
		} else if err != nil {
			return fmt.Errorf("connection lost: %w", err)
		}
	}
}
