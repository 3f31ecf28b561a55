package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/progress"
	"github.com/exitpool/exitpool/timeline"
)

// A view is what -timeline and -progress ask for.
type view struct {
	picture *os.File // nil: none
	rec     timeline.Recorder
	live    *progress.View // nil: none
}

// openView opens the file of the picture before anything is connected: if it cannot be
// written, that is better known now.
func openView(c *config, stderr io.Writer) (*view, error) {
	v := new(view)
	if c.timeline != "" {
		f, err := os.Create(c.timeline)
		if err != nil {
			return nil, fmt.Errorf("-timeline: %w", err)
		}
		v.picture = f
	}
	if c.progress {
		v.live = progress.New(stderr)
	}
	return v, nil
}

func (v *view) observe(e exitpool.Event) {
	if v.picture != nil {
		v.rec.Observe(e)
	}
	if v.live != nil {
		v.live.Observe(e)
	}
}

// close draws the last lines and writes the picture: whatever comes of it, all is
// released by then. That the lines could not be drawn is no error of the program.
func (v *view) close() error {
	if v.live != nil {
		v.live.Close()
	}
	if v.picture == nil {
		return nil
	}
	return errors.Join(pictures[filepath.Ext(v.picture.Name())](&v.rec, v.picture), v.picture.Close())
}

// pictures are what the end of a file name asks for.
var pictures = map[string]func(*timeline.Recorder, io.Writer) error{
	".svg":  (*timeline.Recorder).WriteSVG,
	".json": (*timeline.Recorder).WriteTrace, // for https://ui.perfetto.dev
	".txt":  func(r *timeline.Recorder, w io.Writer) error { return r.WriteText(w, 100) },
}
