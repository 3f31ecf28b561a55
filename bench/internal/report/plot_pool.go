package report

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/peer"
)

var (
	accent = color.RGBA{0xc0, 0x39, 0x2b, 0xff}
	dark   = color.RGBA{0x22, 0x2b, 0x36, 0xff}
	// Dark enough on white, and told apart without colour by glyph and dashes.
	palette = []color.Color{
		color.RGBA{0x1f, 0x77, 0xb4, 0xff}, color.RGBA{0x2c, 0xa0, 0x2c, 0xff}, color.RGBA{0x94, 0x67, 0xbd, 0xff},
		color.RGBA{0x8c, 0x56, 0x4b, 0xff}, color.RGBA{0xd6, 0x6b, 0xa8, 0xff}, color.RGBA{0x6b, 0x6b, 0x6b, 0xff},
		color.RGBA{0x9a, 0x9a, 0x1c, 0xff}, color.RGBA{0x0f, 0x9a, 0xac, 0xff}, color.RGBA{0xe3, 0x8a, 0x1e, 0xff},
	}
	glyphs = []draw.GlyphDrawer{
		draw.CircleGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.CrossGlyph{}, draw.PlusGlyph{},
	}
)

// PlotPool draws the time for one resource over n, for each peer.
func PlotPool(r *Results, file string) error {
	p := newPlot("Open and close n resources that do nothing")
	p.X.Label.Text = "n, resources (log)"
	p.Y.Label.Text = "time for one resource (log)"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.Legend.Top = true
	p.Legend.ThumbnailWidth = vg.Points(28)
	p.Add(plotter.NewGrid())
	drawn := false
	var largest float64
	for i, peer := range peer.All() {
		points := pointsOf(r, peer.Name)
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		style(line, dots, peer.Name, i)
		p.Add(line, dots)
		p.Legend.Add(peer.Name, line, dots)
		largest = max(largest, points[len(points)-1].X)
		drawn = true
	}
	if !drawn {
		return nil
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = decades{powerOfTen, largest}, decades{Duration, math.Inf(1)}
	p.X.Max = largest * math.Pow(largest/p.X.Min, 0.3) // room for the legend
	return save(p, 26*vg.Centimeter, 15*vg.Centimeter, file)
}

func style(line *plotter.Line, dots *plotter.Scatter, name string, i int) {
	line.Color = palette[i%len(palette)]
	line.Width = vg.Points(1.2)
	dots.Shape = glyphs[i%len(glyphs)]
	dots.Radius = vg.Points(3)
	if i%2 == 1 {
		line.Dashes = []vg.Length{vg.Points(5), vg.Points(3)}
	}
	switch name {
	case peer.Exitpool:
		line.Color, line.Width, line.Dashes = accent, vg.Points(3), nil
	case peer.Base:
		line.Color, line.Width, line.Dashes = dark, vg.Points(3), nil
	}
	dots.Color = line.Color
}

func pointsOf(r *Results, name string) (points plotter.XYs) {
	const prefix = "Pool/work=noop/n="
	for _, w := range r.names {
		n, ok := strings.CutPrefix(w, prefix)
		if !ok {
			continue
		}
		if s, ok := r.Peer(w, name); ok {
			x, err := strconv.ParseFloat(n, 64)
			if err == nil {
				points = append(points, plotter.XY{X: x, Y: s.Of(measure.Ns).Median})
			}
		}
	}
	return points
}

// decades marks the powers of ten, up to the last that is of interest.
type decades struct {
	label func(float64) string
	last  float64
}

func (d decades) Ticks(lo, hi float64) (ticks []plot.Tick) {
	hi = min(hi, d.last)
	for v := 1.0; v <= hi*1.0001; v *= 10 {
		if v >= lo*0.9999 {
			ticks = append(ticks, plot.Tick{Value: v, Label: d.label(v)})
		}
		for k := 2.0; k < 10; k++ {
			if v*k >= lo && v*k <= hi {
				ticks = append(ticks, plot.Tick{Value: v * k})
			}
		}
	}
	return ticks
}

func powerOfTen(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
