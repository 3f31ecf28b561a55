package proptest

import (
	"math/bits"

	"pgregory.net/rapid"
)

// Rapid's own integers are mostly small, to find edge cases. The shape of a program
// should be anything, so these are drawn from coins. They shrink to 0 and false.

var coin = rapid.Bool()

// numbers are generators of 0 to n, each as likely as the next, nearly. As one
// generator each they are removed as one when rapid shrinks.
var numbers = func() (gs [64]*rapid.Generator[int]) {
	for n := range gs {
		coins := bits.Len(uint(n)) + 2
		gs[n] = rapid.Custom(func(t *rapid.T) (v int) {
			for range coins {
				v <<= 1
				if coin.Draw(t, "") {
					v |= 1
				}
			}
			return v * (n + 1) >> coins
		})
	}
	return gs
}()

// upTo draws a number from 0 to n.
func upTo(t *rapid.T, n int) int { return numbers[n].Draw(t, "") }

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
	once := rapid.Custom(func(t *rapid.T) int {
		if more = upTo(t, 4) > 0; more {
			f()
		}
		return 0
	})
	for i := 0; i < most && more; i++ {
		once.Draw(t, "")
	}
}
