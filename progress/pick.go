package progress

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// pick chooses among rows where there are too few lines for them: what failed, then what
// takes longest, then what is held, then what is over. They stay in their order. The
// last line is for the number of those that are left.
func pick(rows []*row, lines int) (shown []*row, left int) {
	if len(rows) <= lines {
		return rows, 0
	}
	type candidate struct {
		*row
		place, rank int
		since       time.Time
	}
	all := make([]candidate, len(rows))
	for i, r := range rows {
		s := r.get()
		all[i] = candidate{r, i, s.rank(), s.since}
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), a.since.Compare(b.since))
	})
	all = all[:max(0, lines-1)]
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Compare(a.place, b.place) })
	for _, c := range all {
		shown = append(shown, c.row)
	}
	return shown, len(rows) - len(shown)
}

func more(n int) string { return fmt.Sprintf("  … and %d more", n) }

// rank is lower for what is rather to be shown.
func (s state) rank() int {
	switch {
	case s.what == "failed":
		return 0
	case !s.done:
		return 1
	case !s.over():
		return 2
	}
	return 3
}
