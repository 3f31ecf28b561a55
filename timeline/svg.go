package timeline

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/exitpool/exitpool"
)

const svgRows = 120

// The measures of a picture, in pixels.
const (
	svgWidth  = 960
	svgEdge   = 16
	svgLine   = 20 // of text
	svgRow    = 22
	svgBar    = 12
	svgDigits = 62 // the column of a duration
	svgGlyph  = 7.3

	svgColumns = 127 // of glyphs, between the edges
)

const svgStyle = `
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328}
.h{font-weight:bold}.m{fill:#59636e}.e{text-anchor:end}.c{text-anchor:middle}.x{fill:#b3261e}
.grid{stroke:#e3e7eb}.held{stroke:#9aa4af;stroke-width:2}.short{stroke:#9aa4af;stroke-width:2;stroke-dasharray:3 4}
.up{fill:#bcd5f5}.UP{fill:#1a62c7}.down{fill:#f6d9b8}.DOWN{fill:#c2570c}
.open{stroke:#b3261e;stroke-width:1.5;stroke-dasharray:4 3}.way{stroke-width:1.5;fill:none}
.wUP{stroke:#1a62c7}.wDOWN{stroke:#c2570c}
`

// WriteSVG writes the picture of what WriteText writes: 960 pixels wide, on a
// background of its own, with no script; what a pointer rests on tells its name, times
// and error. Strong colours are the critical path, and the lines between them lead
// from step to step. A dashed edge is what has not ended.
//
// The picture is written at once. The error is that of w, wrapped.
func (r *Recorder) WriteSVG(w io.Writer) error {
	p := picture{chart: r.chart(svgRows)}
	p.draw()
	return flush("SVG", w, &p.Buffer)
}

type picture struct {
	bytes.Buffer
	*chart
	left, right float64 // of the bars
	top         float64 // of the first row
}

// add appends a format whose arguments are escaped, if they are strings.
func (p *picture) add(format string, args ...any) {
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			var b strings.Builder
			_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
			args[i] = b.String()
		}
	}
	fmt.Fprintf(p, format+"\n", args...)
}

func (p *picture) text(x, y float64, class, text string) {
	p.add(`<text x="%.1f" y="%.1f" class="%s">%s</text>`, x, y, class, text)
}

func (p *picture) draw() {
	if len(p.bars) == 0 {
		p.open(3 * svgLine)
		p.text(svgEdge, 2*svgLine, "m", "nothing was recorded")
		p.add("</svg>")
		return
	}
	said := 0
	for _, ph := range p.phases {
		said += len(ph.says())
	}
	name := 0
	for _, r := range p.rows {
		name = max(name, columns(r.label()))
	}
	p.left = svgEdge + float64(name)*svgGlyph + svgDigits + 10
	p.right = svgWidth - svgEdge - svgDigits - 4
	p.top = float64(svgEdge + said*svgLine + 14)
	bottom := p.top + float64(len(p.rows)*svgRow)
	problems := p.problems()
	p.open(bottom + 3*svgLine + float64(min(len(problems), mostProblems+1)*svgLine) + 4)
	p.head()
	p.grid(bottom)
	for i, r := range p.rows {
		p.row(r, p.top+float64(i*svgRow))
	}
	p.way()
	p.legend(bottom + 2.2*svgLine)
	for i, problem := range problems {
		y := bottom + float64(3+i)*svgLine + 8
		if i == mostProblems {
			p.text(svgEdge, y, "x", fmt.Sprintf("✗ … and %d more", len(problems)-i))
			break
		}
		p.text(svgEdge, y, "x", cut("✗ "+problem.what+": "+problem.why, svgColumns))
	}
	p.add("</svg>")
}

// x is the place of a time.
func (p *picture) x(t time.Duration) float64 {
	return p.left + p.axis.at(t)*(p.right-p.left)
}

func (p *picture) row(r row, y float64) {
	p.add(`<g>`)
	p.add(`<title>%s</title>`, p.tells(r))
	indent := float64(min(r.depth, 4)) * 2 * svgGlyph
	p.text(svgEdge+indent, y+14, "", strings.TrimLeft(r.label(), " "))
	if r.up != nil {
		p.text(p.left-10, y+14, "m e", duration(r.up.took()))
	}
	if r.down != nil {
		p.text(svgWidth-svgEdge, y+14, "m e", duration(r.down.took()))
	}
	if from, to, ok := r.held(p.end); ok {
		for _, piece := range p.axis.pieces {
			class := "held"
			if piece.short() {
				class = "short"
			}
			if from, to := max(from, piece.from), min(to, piece.to); from < to {
				p.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`, p.x(from), y+11, p.x(to), y+11, class)
			}
		}
	}
	bars := append(r.bars(), r.rest...)
	for _, b := range bars {
		if b.op != exitpool.OpRun {
			p.box(b.began.at, b.over.at, y, shade(b.op), b.open)
		}
	}
	for _, b := range bars { // above the others
		for _, s := range p.critical[b] {
			from := s.Start.Sub(p.origin)
			p.box(from, from+s.Elapsed, y, strings.ToUpper(shade(b.op)), false)
		}
		if b.failed() {
			p.text(p.x(b.over.at)-4, y+15, "x h", "✗")
		}
	}
	p.add(`</g>`)
}

func shade(op exitpool.Op) string {
	if op == exitpool.OpRelease {
		return "down"
	}
	return "up"
}

func (p *picture) box(from, to time.Duration, y float64, class string, open bool) {
	x := p.x(from)
	width := max(1.5, p.x(to)-x)
	p.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="%d" class="%s"/>`, x, y+5, width, svgBar, class)
	if open {
		p.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="open"/>`, x+width, y+1, x+width, y+21)
	}
}

// tells is what a pointer that rests on a row tells.
func (p *picture) tells(r row) string {
	lines := []string{printable(r.name)}
	for _, b := range r.bars() {
		line := fmt.Sprintf("%s: at %s, took %s", b.op, duration(b.began.at), duration(b.took()))
		if b.open {
			line = fmt.Sprintf("%s: at %s, not ended after %s", b.op, duration(b.began.at), duration(b.took()))
		}
		if b.failed() {
			line += ", " + reason(b.name, b.err)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// way leads from one step of a path to the next, where both have a row.
func (p *picture) way() {
	rows := map[uint64]float64{}
	for i, r := range p.rows {
		for _, b := range r.bars() {
			rows[b.id] = p.top + float64(i*svgRow) + 11
		}
	}
	for _, ph := range p.phases {
		for i := 1; i < len(ph.path.Steps); i++ {
			a, b := ph.path.Steps[i-1], ph.path.Steps[i]
			from, ok := rows[a.ID]
			to, too := rows[b.ID]
			if ok && too {
				x := p.x(b.Start.Sub(p.origin))
				p.add(`<path d="M%.1f %.1fV%.1f" class="way w%s"/>`, x, from, to, strings.ToUpper(shade(ph.op)))
			}
		}
	}
}
