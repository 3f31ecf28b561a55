package timeline_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/timeline"
	"github.com/stretchr/testify/require"
)

// An element is one of an SVG; Text is what stands directly in it.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Elements []element  `xml:",any"`
}

func (e element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// each calls f for e and all inside it.
func (e element) each(f func(element)) {
	f(e)
	for _, inner := range e.Elements {
		inner.each(f)
	}
}

func (e element) texts() (texts []string) {
	e.each(func(e element) {
		if e.XMLName.Local == "text" || e.XMLName.Local == "title" {
			texts = append(texts, e.Text)
		}
	})
	return texts
}

// svg parses the picture to its end, which must be well-formed.
func svg(t *testing.T, rec *timeline.Recorder) (root element) {
	t.Helper()
	var b strings.Builder
	require.NoError(t, rec.WriteSVG(&b))
	d := xml.NewDecoder(strings.NewReader(b.String()))
	require.NoError(t, d.Decode(&root), b.String())
	_, err := d.Token()
	if err == nil { // the line end
		_, err = d.Token()
	}
	require.Equal(t, io.EOF, err)
	require.Equal(t, xml.Name{Space: "http://www.w3.org/2000/svg", Local: "svg"}, root.XMLName)
	root.each(func(e element) {
		require.Contains(t, []string{"svg", "title", "style", "g", "rect", "line", "path", "text"}, e.XMLName.Local)
		for _, a := range e.Attrs {
			require.False(t, strings.HasPrefix(a.Name.Local, "on") || strings.Contains(a.Name.Local, "href"), a)
		}
	})
	return root
}

// The bars lie between x = 124.5 and 878, 753.5 pixels for 3.72 s: 202.55 for 1 s.
func TestThePictureHasTheBarsAndThePathInPlace(t *testing.T) {
	root := svg(t, record(t, service))
	bars := map[string][]string{}
	var ways []string
	root.each(func(e element) {
		switch class := e.attr("class"); {
		case e.XMLName.Local == "rect" && e.attr("height") == "12" && e.attr("y") != "250.0": // the legend
			bars[class] = append(bars[class], e.attr("x")+"+"+e.attr("width")+" in "+e.attr("y"))
		case e.XMLName.Local == "path":
			ways = append(ways, class+" "+e.attr("d"))
		}
	})
	require.Equal(t, map[string][]string{
		"up":   {"124.5+243.1 in 155.0", "124.5+182.3 in 177.0", "124.5+388.9 in 199.0"},
		"UP":   {"124.5+243.1 in 155.0", "367.6+145.8 in 199.0"},
		"down": {"776.7+101.3 in 155.0", "776.7+40.5 in 177.0", "716.0+60.8 in 199.0"},
		"DOWN": {"776.7+101.3 in 155.0", "716.0+60.8 in 199.0"},
	}, bars)
	require.Equal(t, []string{"way wUP M367.6 161.0V205.0", "way wDOWN M776.7 205.0V161.0"}, ways)
	require.Contains(t, root.texts(), "1.92 s: db 1.20 s → api 720 ms")
	require.Contains(t, root.texts(), "faster db saves up to 300 ms, then cache leads")
	require.Contains(t, root.texts(), "cache\nacquire: at 0 s, took 900 ms\nrelease: at 3.22 s, took 200 ms")
}

func TestThePictureHasABackgroundOfItsOwn(t *testing.T) {
	root := svg(t, record(t, service))
	first := root.Elements[2]
	require.Equal(t, "rect", first.XMLName.Local)
	require.Equal(t, "#ffffff", first.attr("fill"))
	require.Equal(t, "959", first.attr("width"))
}

func TestNamesAndErrorsAreEscaped(t *testing.T) {
	name := "<script>\"a\" & 'b'\n\x00\xff]]>"
	root := svg(t, record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		exitpool.Start(p, func(context.Context, *exitpool.ExitStack) (int, error) {
			time.Sleep(time.Second)
			return 0, errors.New("no <b> & \"c\"\nat all")
		}, exitpool.Name(name))
		return p.Wait(ctx)
	}))
	shown := "<script>\"a\" & 'b' \uFFFD\uFFFD]]>"
	require.Contains(t, root.texts(), shown)
	require.Contains(t, root.texts(), "✗ acquire "+shown+": no <b> & \"c\" at all")
}

func TestAThousandMembersAreAPictureThatCanBeLookedAt(t *testing.T) {
	root := svg(t, thousand(t))
	require.Contains(t, root.texts(), "… and 881 more")
	require.Contains(t, root.texts(), "m-0007")
	require.Contains(t, root.texts(), "m-0999")
	require.NotContains(t, root.texts(), "m-0500")
	require.Equal(t, "2794", root.attr("height")) // 120 rows of 22, 70 above and 84 below
	require.Equal(t, "960", root.attr("width"))
}

func TestAPictureOfNothingSaysSo(t *testing.T) {
	require.Contains(t, svg(t, new(timeline.Recorder)).texts(), "nothing was recorded")
}

func TestARowIsDrawnInOneStretchHoweverManyBeginAndEndMeanwhile(t *testing.T) {
	rec := record(t, func(ctx context.Context, p *exitpool.ExitPool) error {
		for i := range 20 {
			exitpool.Start(p, takes(time.Duration(1+i)*ms, time.Duration(1+i)*ms))
		}
		return p.Wait(ctx)
	})
	var svg strings.Builder
	require.NoError(t, rec.WriteSVG(&svg))
	// The last one to come up is not held for any time before shutdown begins.
	require.Equal(t, 19, strings.Count(svg.String(), `class="held"/>`))
}
