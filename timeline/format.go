package timeline

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// duration prints d with three digits: "1.92 s", "720 ms".
func duration(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{time.Nanosecond, "ns"}, {time.Microsecond, "µs"}, {time.Millisecond, "ms"}, {time.Second, "s"}} {
		n := float64(d) / float64(unit.of)
		switch {
		case d == 0:
			return "0 s"
		case unit.of == time.Second && n >= 59.95, unit.of < time.Second && n >= 999.5:
			continue
		case unit.of == time.Nanosecond || n >= 99.95:
			return fmt.Sprintf("%.0f %s", n, unit.name)
		case n >= 9.995:
			return fmt.Sprintf("%.1f %s", n, unit.name)
		default:
			return fmt.Sprintf("%.2f %s", n, unit.name)
		}
	}
	d = d.Round(time.Second)
	if d < time.Hour {
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
}

// mostOfName is the number of characters that are shown of a name.
const mostOfName = 24

func label(name string) string { return cut(printable(name), mostOfName) }

// printable makes a line of text, in which nothing controls a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// cut shortens text to n characters. They are counted as one column each, which wide
// and combining ones are not.
func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}
