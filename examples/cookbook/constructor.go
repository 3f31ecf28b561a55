package cookbook

import (
	"context"

	"github.com/exitpool/exitpool"
)

// Service has two stores, and closes them.
type Service struct {
	main, cache *Store
	held        *exitpool.ExitStack
}

// NewService opens both stores. If the second cannot be opened the first is closed;
// after success the stack is handed over to the Service.
func NewService(ctx context.Context, openMain, openCache exitpool.Resource[*Store]) (svc *Service, err error) {
	s, ctx := exitpool.NewStack(ctx)
	defer s.Unwind(&err)
	main, err := exitpool.Enter(ctx, s, openMain)
	if err != nil {
		return nil, err
	}
	cache, err := exitpool.Enter(ctx, s, openCache)
	if err != nil {
		return nil, err
	}
	return &Service{main, cache, s.PopAll()}, nil
}

// Close closes both stores, the newer one first.
func (s *Service) Close() error { return s.held.Close() }
