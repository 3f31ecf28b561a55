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

// mostOfName is the number of columns that are shown of a name.
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

// cut shortens text to n columns.
func cut(text string, n int) string {
	if columns(text) <= n {
		return text
	}
	used := 1 // the dots
	for i, r := range text {
		if used += wide(r); used > n {
			return text[:i] + "…"
		}
	}
	return text
}

// pad fills text up to n columns.
func pad(text string, n int) string { return text + strings.Repeat(" ", max(0, n-columns(text))) }

// columns is the number of columns of text in a terminal.
func columns(text string) (n int) {
	for _, r := range text {
		n += wide(r)
	}
	return n
}

// wideRunes are in blocks whose characters take two columns; a few in them do not.
var wideRunes = []struct{ from, to rune }{
	{0x1100, 0x115F}, {0x2E80, 0xA4CF}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE30, 0xFE6F},
	{0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD},
}

// wide is the number of columns of a character.
func wide(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	for _, block := range wideRunes {
		if block.from <= r && r <= block.to {
			return 2
		}
	}
	return 1
}
