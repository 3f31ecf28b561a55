package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"github.com/exitpool/exitpool"
	"github.com/nats-io/nats.go"
)

// runEmbedded is the story without a service: a database in a file, and a NATS
// server in this process.
func runEmbedded(ctx context.Context, c *config, out *journal, opts ...exitpool.Option) (parcel string, err error) {
	err = exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
		sqlite := exitpool.Start(p, openTempSQLite, c.member("sqlite")...)
		server := exitpool.Start(p, ServeNATS(), c.member("nats-server")...)
		// It uses the server, and so it is closed before that is shut down.
		client := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (*nats.Conn, error) {
			srv, err := server.Get(ctx)
			if err != nil {
				return nil, err
			}
			return OpenNATS(srv.ClientURL(), c.client)(ctx, s)
		}, c.member("nats")...)
		transaction := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (*sql.Tx, error) {
			db, err := sqlite.Get(ctx)
			if err != nil {
				return nil, err
			}
			if _, err := db.ExecContext(ctx, createParcels); err != nil {
				return nil, err
			}
			return BeginSQL(db)(ctx, s)
		}, c.member("transaction")...)
		if err := p.Wait(ctx); err != nil {
			return err
		}
		var err error
		parcel, err = carry(ctx, c.parcel, out, []hop{
			{"nats", viaNATS(client.Value(), c.client)},
			{"sqlite", viaSQLite(transaction.Value())},
		})
		if err != nil {
			return fmt.Errorf("carry: %w", err)
		}
		c.end(ctx, out)
		return nil
	}, opts...)
	return parcel, err
}

// openTempSQLite opens a database in a folder of its own, which is removed when the
// database is closed: a Resource calls another one, and adds to it.
func openTempSQLite(ctx context.Context, s *exitpool.ExitStack) (*sql.DB, error) {
	dir, err := os.MkdirTemp("", "connections-*")
	if err != nil {
		return nil, err
	}
	s.Defer(func(context.Context) error { return os.RemoveAll(dir) })
	return OpenSQLite(filepath.Join(dir, "parcels.db"))(ctx, s)
}
