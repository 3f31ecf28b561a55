package main

import (
	"context"
	"fmt"

	"github.com/exitpool/exitpool"
	"github.com/jackc/pgx/v5"
)

// runServices is the story with the six services: all of them, at once. It returns
// the parcel as it came back from its way.
func runServices(ctx context.Context, c *config, out *journal, opts ...exitpool.Option) (parcel string, err error) {
	err = exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
		postgres := exitpool.Start(p, OpenPostgres(c.addr["postgres"], c.client), c.member("postgres")...)
		mariadb := exitpool.Start(p, OpenMariaDB(c.addr["mariadb"]), c.member("mariadb")...)
		redis := exitpool.Start(p, OpenRedis(c.addr["redis"], c.client), c.member("redis")...)
		nats := exitpool.Start(p, OpenNATS(c.addr["nats"], c.client), c.member("nats")...)
		rabbitmq := exitpool.Start(p, OpenRabbitMQ(c.addr["rabbitmq"], c.client), c.member("rabbitmq")...)
		mqtt := exitpool.Start(p, OpenMQTT(c.addr["mqtt"], c.client), c.member("mqtt")...)
		// It uses postgres, and so it is over before that is closed.
		transaction := exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (pgx.Tx, error) {
			conn, err := postgres.Get(ctx)
			if err != nil {
				return nil, err
			}
			if _, err := conn.Exec(ctx, createParcels); err != nil {
				return nil, err
			}
			return Begin(conn)(ctx, s)
		}, c.member("transaction")...)
		if err := p.Wait(ctx); err != nil {
			return err
		}
		var err error
		parcel, err = carry(ctx, c.parcel, out, []hop{
			{"redis", viaRedis(redis.Value(), c.client)},
			{"nats", viaNATS(nats.Value(), c.client)},
			{"rabbitmq", viaRabbitMQ(rabbitmq.Value())},
			{"mqtt", viaMQTT(mqtt.Value(), c.client)},
			{"mariadb", viaMariaDB(mariadb.Value())},
			{"postgres", viaPostgres(transaction.Value())},
		})
		if err != nil {
			return fmt.Errorf("carry: %w", err)
		}
		c.end(ctx, out)
		return nil
	}, opts...)
	return parcel, err
}
