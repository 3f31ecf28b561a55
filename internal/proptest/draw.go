package proptest

import (
	"math/bits"

	"pgregory.net/rapid"
)

// Rapid's own integers are mostly small, to find edge cases. The shape of a program
// should be anything, so these are drawn from coins. They shrink to 0 and false.

var coin = rapid.Bool()

// upTo draws a number from 0 to n, each as likely as the next, nearly. It is one
// generator, so that rapid removes it as one when it shrinks: by Map, because a
// Custom tries again when the data end, to the power of the depth.
func upTo(t *rapid.T, n int) int {
	return rapid.Map(coin, func(v bool) int {
		coins := bits.Len(uint(n)) + 2
		sum := 0
		for range coins - 1 {
			sum = sum<<1 | one(v)
			v = coin.Draw(t, "")
		}
		sum = sum<<1 | one(v)
		return sum * (n + 1) >> coins
	}).Draw(t, "")
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// oneIn is true once in n.
func oneIn(t *rapid.T, n int) bool { return upTo(t, n-1) == n-1 }

// order draws a permutation of 0 to n-1.
func order(t *rapid.T, n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	for i := range n {
		j := i + upTo(t, n-1-i)
		p[i], p[j] = p[j], p[i]
	}
	return p
}

// repeat calls f up to most times. Each call can be removed by rapid by itself.
func repeat(t *rapid.T, most int, f func()) {
	more := true
	once := rapid.Map(coin, func(v bool) bool {
		if more = v || coin.Draw(t, "") || coin.Draw(t, ""); more {
			f()
		}
		return more
	})
	for i := 0; i < most && more; i++ {
		once.Draw(t, "")
	}
}
