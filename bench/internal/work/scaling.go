package work

import (
	"context"
	"fmt"

	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/peer"
)

// scaling holds the pool against itself: what a member costs among a thousand, and
// among a million.
func scaling() Workload {
	return Workload{
		Name:    "Scaling/n=1000000",
		About:   "one member among 10⁶ against one among 10³, resources that do nothing",
		Heavy:   true,
		Targets: []Target{ratio(Time, "exitpool-1000000", "exitpool-1000", 1.5)},
		Cases: func() (cases []measure.Case) {
			run := peer.All()[0].Run
			for _, n := range []int{1000, huge} {
				job := kinds()[0].job(n)
				cases = append(cases, measure.Case{
					Peer: fmt.Sprintf("%s-%d", peer.Exitpool, n), Units: huge,
					Op: func(*measure.Timer) { // a million members each
						for range huge / n {
							must(run(context.Background(), job))
						}
					},
				})
			}
			return cases
		},
	}
}
