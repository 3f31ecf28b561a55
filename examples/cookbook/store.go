package cookbook

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// Store stands for whatever has a connection: the recipes need something to hold.
type Store struct {
	Name string
	mu   sync.Mutex
	keys map[string]bool
}

// NewStore returns a store with the given keys in it.
func NewStore(name string, keys ...string) *Store {
	s := &Store{Name: name, keys: map[string]bool{}}
	for _, key := range keys {
		s.keys[key] = true
	}
	return s
}

// Put adds a key.
func (s *Store) Put(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key] = true
}

// Keys lists the keys, sorted.
func (s *Store) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.keys))
}

// CopyTo puts a key into another store.
func (s *Store) CopyTo(ctx context.Context, other *Store, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	other.Put(key)
	return nil
}
