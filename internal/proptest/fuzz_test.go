package proptest

import (
	"testing"

	"pgregory.net/rapid"
)

// FuzzPrograms has Go's fuzzer choose the program. What it finds it keeps in
// testdata/fuzz/FuzzPrograms.
func FuzzPrograms(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		rapid.MakeFuzz(func(rt *rapid.T) {
			p := Programs.Draw(rt, "program")
			if problems := checked(t, rt, p); len(problems) > 0 {
				rt.Fatal(problems[0])
			}
		})(t, data)
	})
}
