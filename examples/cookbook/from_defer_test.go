package cookbook_test

import (
	"context"
	"errors"
	"testing"

	"github.com/exitpool/exitpool/examples/cookbook"
	"github.com/stretchr/testify/assert"
)

func TestBothVersionsCloseInReverseAndLoseNoError(t *testing.T) {
	type version func(context.Context, cookbook.Opener, cookbook.Opener, func(context.Context) error) error
	for _, version := range []version{cookbook.WithDefers, cookbook.WithStack} {
		var closed []string
		errBody, errClose := errors.New("body"), errors.New("close")
		opens := func(name string) cookbook.Opener {
			return func(context.Context) (*cookbook.Closer, error) {
				return &cookbook.Closer{name, func(name string) error {
					closed = append(closed, name)
					return errClose
				}}, nil
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		err := version(ctx, opens("a"), opens("b"), func(context.Context) error { cancel(); return errBody })
		assert.ErrorIs(t, err, errBody)
		assert.ErrorIs(t, err, errClose)
		assert.Equal(t, []string{"b", "a"}, closed, "although the caller was cancelled")
	}
}
