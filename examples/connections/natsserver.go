package main

import (
	"context"
	"errors"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/nats-io/nats-server/v2/server"
)

// readyTime bounds the start of the server, which takes no context.
const readyTime = 10 * time.Second

// ServeNATS returns the Resource of a NATS server in this process, on a free port of
// 127.0.0.1. Its ClientURL is for OpenNATS.
func ServeNATS() exitpool.Resource[*server.Server] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*server.Server, error) {
		srv, err := server.NewServer(&server.Options{
			Host: "127.0.0.1", Port: server.RANDOM_PORT,
			NoLog: true, NoSigs: true, // signals are the program's
		})
		if err != nil {
			return nil, err
		}
		ended := make(chan struct{})
		s.Defer(func(context.Context) error {
			srv.Shutdown()
			<-ended
			return nil
		})
		srv.Start()
		go func() {
			defer close(ended)
			srv.WaitForShutdown()
		}()
		if !srv.ReadyForConnections(readyTime) {
			return nil, errors.New("it accepts no connections")
		}
		s.Go(func(ctx context.Context) error {
			select {
			case <-ended:
				return errors.New("it has shut down by itself")
			case <-ctx.Done():
				return nil
			}
		})
		return srv, nil
	}
}
