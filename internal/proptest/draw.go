package proptest

import (
	"math/bits"

	"pgregory.net/rapid"
)

// Rapid's own integers are mostly small, to find edge cases. The shape of a program
// should be anything, so these are drawn from coins. They shrink to 0 and false.

var coin = rapid.Bool()

// upTo draws a number from 0 to n, each as likely as the next, nearly.
func upTo(t *rapid.T, n int) int {
	v := 0
	for range bits.Len(uint(n)) + 1 {
		v <<= 1
		if coin.Draw(t, "") {
			v |= 1
		}
	}
	return v * (n + 1) >> (bits.Len(uint(n)) + 1)
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
