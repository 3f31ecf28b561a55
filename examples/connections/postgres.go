package main

import (
	"context"
	"fmt"

	"github.com/exitpool/exitpool"
	"github.com/jackc/pgx/v5"
)

// OpenPostgres returns the Resource of a connection to PostgreSQL. client is what
// pg_stat_activity shows as application_name.
//
// The loss of a connection that is idle is told to nobody before it is used next.
// So there is a second one, on which a task waits: when the server goes away, the
// scope is forced to exit at once. (A *pgx.Conn must not be used by two goroutines
// at a time: the task cannot wait on the first.)
func OpenPostgres(url, client string) exitpool.Resource[*pgx.Conn] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*pgx.Conn, error) {
		config, err := pgx.ParseConfig(url)
		if err != nil {
			return nil, err
		}
		config.RuntimeParams["application_name"] = client
		conn, err := connectPostgres(ctx, s, config)
		if err != nil {
			return nil, err
		}
		watched, err := connectPostgres(ctx, s, config)
		if err != nil {
			return nil, err // conn is closed
		}
		// Newest first: the task ends before the connections are closed, so it does
		// not take that for a loss.
		s.Go(func(ctx context.Context) error {
			for {
				// Nothing is listened to: what comes is the end of ctx, or the loss.
				if _, err := watched.WaitForNotification(ctx); ctx.Err() != nil {
					return nil
				} else if err != nil {
					return fmt.Errorf("connection lost: %w", err)
				}
			}
		})
		return conn, nil
	}
}

// connectPostgres connects and registers the end. pgx keeps to its contexts: that of
// connecting is not used afterwards, and Close says goodbye until its own ends.
func connectPostgres(ctx context.Context, s *exitpool.ExitStack, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, whyNot(ctx, err)
	}
	s.Defer(func(ctx context.Context) error {
		_ = conn.Close(ctx) // an error: it is lost, and has ended anyhow
		return nil
	})
	return conn, nil
}
