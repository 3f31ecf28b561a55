package peer_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/exitpool/exitpool/bench/internal/peer"
)

func TestCleanupsRunNewestFirstAlsoAfterAPanic(t *testing.T) {
	var c peer.Cleanups
	var order []int
	for i := range 3 {
		c.Add(func(context.Context) error {
			order = append(order, i)
			if i == 2 {
				panic("boom")
			}
			return nil
		})
	}
	assert.PanicsWithValue(t, "boom", func() { _ = c.Run(t.Context()) })
	assert.Equal(t, []int{2, 1, 0}, order)
}
