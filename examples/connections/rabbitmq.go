package main

import (
	"context"
	"fmt"

	"github.com/exitpool/exitpool"
	"github.com/rabbitmq/amqp091-go"
)

// OpenRabbitMQ returns the Resource of a connection to RabbitMQ. client is the
// connection_name that "rabbitmqctl list_connections client_properties" shows.
//
// amqp091-go tells on a channel when the connection is lost, and a task waits for
// that.
func OpenRabbitMQ(url, client string) exitpool.Resource[*amqp091.Connection] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*amqp091.Connection, error) {
		lifetime := ctx
		properties := amqp091.NewConnectionProperties()
		properties.SetClientConnectionName(client)
		// amqp091-go takes no context, neither here nor in Close: see lifeline.
		conn, err := amqp091.DialConfig(url, amqp091.Config{Properties: properties, Dial: lifeline{ctx}.Dial})
		if err != nil {
			return nil, whyNot(ctx, err)
		}
		lost := conn.NotifyClose(make(chan *amqp091.Error, 1))
		told := false
		s.Defer(func(context.Context) error {
			if err := conn.Close(); !told {
				return unlessCut(lifetime, err)
			}
			return nil
		})
		// Newest first: the task ends before Close is called, and before told is read.
		s.Go(func(ctx context.Context) error {
			select {
			case err := <-lost:
				if told = err != nil; told { // not "return err": a nil *Error is no nil error
					return unlessCut(lifetime, fmt.Errorf("connection lost: %w", err))
				}
			case <-ctx.Done():
			}
			return nil
		})
		return conn, nil
	}
}
