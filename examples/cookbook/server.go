package cookbook

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/exitpool/exitpool"
)

// Server listens on addr and serves h while it is held. Its URL is
// "http://" + the server's Addr.
func Server(addr string, h http.Handler) exitpool.Resource[*http.Server] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*http.Server, error) {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		srv := &http.Server{
			Addr:        l.Addr().String(),
			Handler:     h,
			BaseContext: func(net.Listener) context.Context { return ctx }, // ends when the release is over
		}
		// If Serve fails, the scope is forced to exit with its error. On the way out
		// Shutdown runs first, because it was registered last.
		s.Go(func(context.Context) error {
			if err := srv.Serve(l); err != http.ErrServerClosed {
				return err
			}
			return nil
		})
		s.Defer(func(ctx context.Context) error {
			if err := srv.Shutdown(ctx); err != nil { // Grace is over: close what is still open
				return errors.Join(err, srv.Close())
			}
			return nil
		})
		return srv, nil
	}
}
