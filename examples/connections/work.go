package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"
)

// createParcels makes the table into which the transaction of the program writes.
const createParcels = `create table if not exists parcels (way text not null)`

// A pass hands the parcel to a service, and returns what comes back from there.
type pass func(ctx context.Context, parcel string) (string, error)

// A hop is one service on the way of the parcel.
type hop struct {
	name string
	pass pass
}

// carry carries the parcel from one service to the next. Each writes its name on it.
func carry(ctx context.Context, parcel string, out *journal, way []hop) (string, error) {
	for _, h := range way {
		back, err := h.pass(ctx, parcel+" > "+h.name)
		if err != nil {
			return "", fmt.Errorf("%s: %w", h.name, err)
		}
		parcel = back
		out.printf("%s", parcel)
	}
	return parcel, nil
}

// viaRedis stores the parcel under a key, and takes it from there.
func viaRedis(c *redis.Client, key string) pass {
	return func(ctx context.Context, parcel string) (string, error) {
		if err := c.Set(ctx, key, parcel, time.Minute).Err(); err != nil {
			return "", err
		}
		return c.GetDel(ctx, key).Result()
	}
}

// viaNATS sends the parcel to a service that sends it back.
func viaNATS(nc *nats.Conn, subject string) pass {
	return func(ctx context.Context, parcel string) (string, error) {
		// It ends with the connection, which is drained.
		if _, err := nc.Subscribe(subject, func(m *nats.Msg) { _ = m.Respond(m.Data) }); err != nil {
			return "", err
		}
		answer, err := nc.RequestWithContext(ctx, subject, []byte(parcel))
		if err != nil {
			return "", err
		}
		return string(answer.Data), nil
	}
}

// viaRabbitMQ puts the parcel into a queue, and takes it out.
func viaRabbitMQ(conn *amqp091.Connection) pass {
	return func(ctx context.Context, parcel string) (string, error) {
		// A channel does not look at ctx: with a server that has fallen silent it
		// waits until heartbeats are missed. The scope waits for its body, so the
		// body must not wait for that. What goes on in the background ends with the
		// connection, whose release is next.
		type result struct {
			parcel string
			err    error
		}
		done := make(chan result, 1)
		go func() {
			back, err := queued(ctx, conn, parcel)
			done <- result{back, err}
		}()
		select {
		case r := <-done:
			return r.parcel, r.err
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// queued is viaRabbitMQ without a bound.
func queued(ctx context.Context, conn *amqp091.Connection, parcel string) (string, error) {
	ch, err := conn.Channel()
	if err != nil {
		return "", err
	}
	defer ch.Close()
	q, err := ch.QueueDeclare("", false, true, true, false, nil) // its name is the server's, and it ends with the connection
	if err != nil {
		return "", err
	}
	deliveries, err := ch.ConsumeWithContext(ctx, q.Name, "", true, true, false, false, nil)
	if err != nil {
		return "", err
	}
	if err := ch.PublishWithContext(ctx, "", q.Name, false, false, amqp091.Publishing{Body: []byte(parcel)}); err != nil {
		return "", err
	}
	d, ok := <-deliveries
	if !ok {
		return "", amqp091.ErrClosed
	}
	return string(d.Body), nil
}

// viaMQTT publishes the parcel on a topic to which it has subscribed.
func viaMQTT(c mqtt.Client, topic string) pass {
	return func(ctx context.Context, parcel string) (string, error) {
		came := make(chan string, 1)
		if err := settle(ctx, c.Subscribe(topic, 1, func(_ mqtt.Client, m mqtt.Message) {
			select {
			case came <- string(m.Payload()):
			default: // with QoS 1 it may come twice
			}
		})); err != nil {
			return "", err
		}
		if err := settle(ctx, c.Publish(topic, 1, false, parcel)); err != nil {
			return "", err
		}
		select {
		case back := <-came:
			return back, settle(ctx, c.Unsubscribe(topic))
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// settle waits for what paho promised, or for the end of ctx.
func settle(ctx context.Context, t mqtt.Token) error {
	select {
	case <-t.Done():
		return t.Error()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// viaMariaDB writes the parcel into a temporary table, and reads it.
func viaMariaDB(db *sql.DB) pass {
	return func(ctx context.Context, parcel string) (back string, err error) {
		conn, err := db.Conn(ctx) // a temporary table is that of a connection
		if err != nil {
			return "", err
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		for _, q := range []struct {
			text string
			args []any
		}{
			{text: "create temporary table parcel (way text)"},
			{"insert into parcel values (?)", []any{parcel}},
		} {
			if _, err := conn.ExecContext(ctx, q.text, q.args...); err != nil {
				return "", err
			}
		}
		err = conn.QueryRowContext(ctx, "select way from parcel").Scan(&back)
		return back, err
	}
}

// viaPostgres writes the parcel in the transaction, and reads it.
func viaPostgres(tx pgx.Tx) pass {
	return func(ctx context.Context, parcel string) (back string, err error) {
		err = tx.QueryRow(ctx, "insert into parcels values ($1) returning way", parcel).Scan(&back)
		return back, err
	}
}

// viaSQLite writes the parcel in the transaction, and reads it.
func viaSQLite(tx *sql.Tx) pass {
	return func(ctx context.Context, parcel string) (back string, err error) {
		err = tx.QueryRowContext(ctx, "insert into parcels values (?) returning way", parcel).Scan(&back)
		return back, err
	}
}
