package report

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/exitpool/exitpool/bench/internal/measure"
	"github.com/exitpool/exitpool/bench/internal/peer"
	"github.com/exitpool/exitpool/bench/internal/services"
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
	p.X.Tick.Marker, p.Y.Tick.Marker = decades(powerOfTen), decades(Duration)
	p.Legend.Top, p.Legend.Left = true, false
	p.Legend.YPosition = draw.PosCenter
	p.Legend.ThumbnailWidth = vg.Points(28)
	p.Legend.Padding = vg.Points(2)
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
	p.X.Max = largest * 30 // room for the legend
	return p.Save(26*vg.Centimeter, 15*vg.Centimeter, file)
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

// decades marks the powers of ten.
type decades func(float64) string

func (d decades) Ticks(lo, hi float64) (ticks []plot.Tick) {
	for v := 1.0; v <= hi*1.0001; v *= 10 {
		if v >= lo*0.9999 {
			ticks = append(ticks, plot.Tick{Value: v, Label: d(v)})
		}
		for k := 2.0; k < 10; k++ {
			if v*k >= lo && v*k <= hi {
				ticks = append(ticks, plot.Tick{Value: v * k})
			}
		}
	}
	return ticks
}

func powerOfTen(v float64) string {
	if v > huge {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

const huge = 1_000_000

// PlotServices draws the start-up and shutdown of the service, each way a bar.
func PlotServices(r *Results, file string) error {
	var starts, stops plotter.Values
	var names []string
	ways := services.Ways()
	for i := len(ways) - 1; i >= 0; i-- { // the last is the lowest bar
		if b, ok := barOf(r, ways[i].Name); ok {
			starts, stops = append(starts, b.start/1e6), append(stops, b.stop/1e6)
			names = append(names, ways[i].Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	p := newPlot("Start-up and shutdown of a service of twelve components")
	p.X.Label.Text = "wall time (ms)"
	p.X.Min = 0
	start, stop := services.Service(serviceScale(r)).CriticalPath()
	path := float64(start+stop) / 1e6
	width := vg.Points(30)
	up, err := plotter.NewBarChart(starts, width)
	if err != nil {
		return err
	}
	down, err := plotter.NewBarChart(stops, width)
	if err != nil {
		return err
	}
	up.Horizontal, down.Horizontal = true, true
	up.Color, down.Color = color.RGBA{0x2e, 0x86, 0xc1, 0xff}, color.RGBA{0xe5, 0x98, 0x66, 0xff}
	up.LineStyle.Width, down.LineStyle.Width = 0, 0
	down.StackOn(up)
	least, err := plotter.NewLine(plotter.XYs{{X: path, Y: -0.5}, {X: path, Y: float64(len(names)) - 0.5}})
	if err != nil {
		return err
	}
	least.Color, least.Width = accent, vg.Points(2)
	least.Dashes = []vg.Length{vg.Points(6), vg.Points(3)}
	totals, err := totals(starts, stops)
	if err != nil {
		return err
	}
	p.Add(up, down, least, totals)
	p.NominalY(names...)
	p.Y.Min, p.Y.Max = -0.5, float64(len(names))-0.5
	p.X.Max *= 1.12 // room for the totals
	p.Legend.Top = false
	p.Legend.XOffs = -vg.Points(8)
	p.Legend.YOffs = vg.Points(8)
	p.Legend.Add("start-up", up)
	p.Legend.Add("shutdown", down)
	p.Legend.Add("critical path", least)
	return p.Save(24*vg.Centimeter, 9*vg.Centimeter, file)
}

// totals writes how long both take at the end of each bar.
func totals(starts, stops plotter.Values) (*plotter.Labels, error) {
	var at plotter.XYLabels
	for i := range starts {
		sum := starts[i] + stops[i]
		at.XYs = append(at.XYs, plotter.XY{X: sum, Y: float64(i)})
		at.Labels = append(at.Labels, fmt.Sprintf(" %.0f", sum))
	}
	labels, err := plotter.NewLabels(at)
	if err != nil {
		return nil, err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font = sans(12)
		labels.TextStyle[i].YAlign = draw.YCenter
		labels.TextStyle[i].Color = dark
	}
	return labels, nil
}

func sans(size float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
}

// newPlot has a white ground, so that it is legible on a dark page, too.
func newPlot(title string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text = title
	p.Title.TextStyle.Font = sans(15)
	p.Title.Padding = vg.Points(8)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = sans(12)
		axis.Tick.Label.Font = sans(11)
		axis.Padding = vg.Points(2)
	}
	p.Legend.TextStyle.Font = sans(12)
	return p
}
