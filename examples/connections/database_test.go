package main

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"testing"

	"github.com/exitpool/exitpool"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func postgresService(t *testing.T, client string) service {
	addr, hostport := local(t, "postgres")
	ask := func(t assert.TestingT, what string) (n int) {
		ctx := context.Background() // also in a cleanup
		conn, err := pgx.Connect(ctx, addr)
		if !assert.NoError(t, err) {
			return -1
		}
		defer conn.Close(ctx)
		assert.NoError(t, conn.QueryRow(ctx,
			"select count("+what+") from pg_stat_activity where application_name = $1", client).Scan(&n))
		return n
	}
	return service{
		name:  "postgres",
		addr:  addr,
		at:    moved(addr, hostport),
		open:  func(addr string) exitpool.Resource[any] { return untyped(OpenPostgres(addr, client)) },
		count: func(t assert.TestingT) int { return ask(t, "*") },
		kill:  func(t *testing.T) { require.Positive(t, ask(t, "pg_terminate_backend(pid)")) },
	}
}

// MariaDB shows no name of a client, but the database: the test has one of its own.
func mariadbService(t *testing.T, client string) service {
	addr, hostport := local(t, "mariadb")
	admin, err := sql.Open("mysql", addr)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.Exec("drop database " + client)
		assert.NoError(t, err)
		assert.NoError(t, admin.Close())
	})
	_, err = admin.Exec("create database " + client)
	require.NoError(t, err)
	config, err := mysql.ParseDSN(addr)
	require.NoError(t, err)
	config.DBName = client
	addr = config.FormatDSN()
	ids := func(t assert.TestingT) (ids []int) {
		rows, err := admin.Query("show processlist")
		if !assert.NoError(t, err) {
			return nil
		}
		defer rows.Close()
		for rows.Next() {
			var id int
			var db sql.NullString
			var rest sql.RawBytes
			assert.NoError(t, rows.Scan(&id, &rest, &rest, &db, &rest, &rest, &rest, &rest, &rest))
			if db.String == client {
				ids = append(ids, id)
			}
		}
		assert.NoError(t, rows.Err())
		return ids
	}
	return service{
		name:  "mariadb",
		addr:  addr,
		at:    moved(addr, hostport),
		open:  func(addr string) exitpool.Resource[any] { return untyped(OpenMariaDB(addr)) },
		count: func(t assert.TestingT) int { return len(ids(t)) },
		kill: func(t *testing.T) {
			for _, id := range ids(t) {
				_, err := admin.Exec("kill " + strconv.Itoa(id))
				require.NoError(t, err)
			}
		},
	}
}

func redisService(t *testing.T, client string) service {
	addr, hostport := local(t, "redis")
	options, err := redis.ParseURL(addr)
	require.NoError(t, err)
	admin := redis.NewClient(options)
	t.Cleanup(func() { assert.NoError(t, admin.Close()) })
	ids := func(t assert.TestingT) (ids []string) {
		list, err := admin.ClientList(context.Background()).Result()
		assert.NoError(t, err)
		for line := range strings.Lines(list) {
			if strings.Contains(line, " name="+client+" ") {
				id, _, _ := strings.Cut(strings.TrimPrefix(line, "id="), " ")
				ids = append(ids, id)
			}
		}
		return ids
	}
	return service{
		name:  "redis",
		addr:  addr,
		at:    moved(addr, hostport),
		open:  func(addr string) exitpool.Resource[any] { return untyped(OpenRedis(addr, client)) },
		count: func(t assert.TestingT) int { return len(ids(t)) },
		kill: func(t *testing.T) {
			for _, id := range ids(t) {
				require.NoError(t, admin.ClientKillByFilter(context.Background(), "ID", id).Err())
			}
		},
	}
}
