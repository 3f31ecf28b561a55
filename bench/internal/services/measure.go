package services

import (
	"context"
	"fmt"
	"time"
)

// Run is how long one run took.
type Run struct {
	Way         string
	Start, Stop time.Duration
}

// Measure runs the service in every way, in turns.
func Measure(g Graph, rounds int) (runs []Run, err error) {
	for range rounds {
		for _, w := range Ways() {
			var up time.Time
			began := time.Now()
			if err := w.Run(context.Background(), g, func() { up = time.Now() }); err != nil {
				return nil, fmt.Errorf("%s: %w", w.Name, err)
			}
			runs = append(runs, Run{w.Name, up.Sub(began), time.Since(up)})
		}
	}
	return runs, nil
}
