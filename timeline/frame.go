package timeline

// This file is what a picture has around the rows.

func (p *picture) open(height float64) {
	p.add(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%.0f" viewBox="0 0 %d %.0f" role="img">`,
		svgWidth, height, svgWidth, height)
	p.add(`<title>Timeline of start-up and shutdown</title>`)
	p.WriteString("<style>" + svgStyle + "</style>\n")
	p.add(`<rect x="0.5" y="0.5" width="%d" height="%.0f" rx="8" fill="#ffffff" stroke="#d1d9e0"/>`, svgWidth-1, height-1)
}

// head is what is said of the phases.
func (p *picture) head() {
	y := float64(svgEdge + 12)
	for _, ph := range p.phases {
		for i, s := range ph.says() {
			class := "m"
			if i == 0 {
				p.text(svgEdge, y, "h", ph.name)
				class = ""
			}
			p.text(svgEdge+10*svgGlyph, y, class, cut(s, svgColumns-10))
			y += svgLine
		}
	}
}

// grid draws the axis, and says how long a stretch is that is cut short.
func (p *picture) grid(bottom float64) {
	free := 0.0
	for _, piece := range p.axis.pieces {
		if piece.short() {
			from, to := p.x(piece.from), p.x(piece.to)
			p.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#f6f8fa"/>`, from, p.top-4, to-from, bottom-p.top+8)
			if name := "⋯ " + duration(piece.to-piece.from) + " ⋯"; float64(columns(name))*svgGlyph < to-from {
				p.text((from+to)/2, bottom+16, "m c", name)
			}
		}
	}
	for _, tick := range p.axis.ticks(9) {
		x := p.left + tick.at*(p.right-p.left)
		p.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="grid"/>`, x, p.top-4, x, bottom+4)
		if half := float64(columns(tick.label)) * svgGlyph / 2; x-half >= free {
			p.text(x, bottom+16, "m c", tick.label)
			free = x + half + svgGlyph
		}
	}
}

func (p *picture) legend(y float64) {
	x := p.left
	for _, l := range []struct{ class, text string }{
		{"UP", "start-up, critical path"}, {"up", "beside it"}, {"DOWN", "shutdown, critical path"}, {"down", "beside it"},
	} {
		p.add(`<rect x="%.1f" y="%.1f" width="12" height="12" class="%s"/>`, x, y-10, l.class)
		p.text(x+18, y, "m", l.text)
		x += 18 + float64(len(l.text))*svgGlyph + 20
	}
}
