package proptest

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// FuzzPrograms has Go's fuzzer choose the program. What it finds it keeps in
// testdata/fuzz/FuzzPrograms.
func FuzzPrograms(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 16 { // enough for programs of some size: rapid takes 8 bytes for a coin
		data := make([]byte, 32<<10)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rapid.MakeFuzz(func(rt *rapid.T) {
			p := Programs.Draw(rt, "program")
			if problems := checked(t, rt, p); len(problems) > 0 {
				rt.Fatal(problems[0])
			}
		})(t, data)
	})
}
