package report

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/exitpool/exitpool/bench/internal/services"
)

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
	if scale := serviceScale(r); scale != 1 {
		p.X.Label.Text += fmt.Sprintf(", latencies × %g", scale)
	}
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
	return save(p, 24*vg.Centimeter, 9*vg.Centimeter, file)
}

// totals writes how long both take at the end of each bar.
func totals(starts, stops plotter.Values) (*plotter.Labels, error) {
	var at plotter.XYLabels
	for i := range starts {
		sum := starts[i] + stops[i]
		at.XYs = append(at.XYs, plotter.XY{X: sum, Y: float64(i)})
		at.Labels = append(at.Labels, fmt.Sprintf("%.0f", sum))
	}
	labels, err := plotter.NewLabels(at)
	if err != nil {
		return nil, err
	}
	labels.Offset.X = vg.Points(4)
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font = sans(12)
		labels.TextStyle[i].YAlign = draw.YCenter
		labels.TextStyle[i].Color = dark
	}
	return labels, nil
}
