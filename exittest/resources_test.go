package exittest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/exitpool/exitpool"
)

var errBroken = errors.New("broken")

// A journal is what happened, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) read() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.lines...)
}

// resource notes its acquisition, and its release with what it is told.
func (j *journal) resource(name string) exitpool.Resource[string] {
	return func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
		j.note("+%s", name)
		s.Push(func(ctx context.Context, cause error) error {
			j.note("-%s: %v, %v", name, cause, ctx.Err())
			return nil
		})
		return name, nil
	}
}

// refuses cannot be acquired.
func refuses(context.Context, *exitpool.ExitStack) (string, error) { return "", errBroken }

// leaves fails in releasing.
func leaves(_ context.Context, s *exitpool.ExitStack) (string, error) {
	s.Defer(func(context.Context) error { return errBroken })
	return "leaves", nil
}

// dying dies when death is closed.
func dying(death <-chan struct{}) exitpool.Resource[string] {
	return func(_ context.Context, s *exitpool.ExitStack) (string, error) {
		s.Go(func(ctx context.Context) error {
			select {
			case <-death:
				return errBroken
			case <-ctx.Done():
				return nil
			}
		})
		return "dying", nil
	}
}

// said is a resource that says what happens to it.
func said(name string) exitpool.Resource[string] {
	return func(_ context.Context, s *exitpool.ExitStack) (string, error) {
		say("+", name)
		s.Push(func(_ context.Context, cause error) error { say("-", name, cause); return nil })
		return name, nil
	}
}
