package proptest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSeeds runs the programs of testdata/seeds, each many times: most depended on
// the scheduler.
func TestSeeds(t *testing.T) {
	data, err := os.ReadFile("testdata/seeds")
	require.NoError(t, err)
	for line := range strings.Lines(string(data)) {
		var seed int
		if strings.HasPrefix(line, "#") {
			continue
		}
		_, err := fmt.Sscan(line, &seed)
		require.NoError(t, err, line)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			p := Programs.Example(seed)
			for range 50 {
				if r := virtual(t, p); len(r.problems) > 0 {
					t.Fatalf("PROPTEST_SEED=%d\n%s\n%s\n%s", seed, strings.Join(r.problems, "\n"), p, r.log)
				}
			}
		})
	}
}
