package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/timeline"
)

// A picture is what -timeline asks for. Its methods work on nil: nobody has.
type picture struct {
	file *os.File
	rec  timeline.Recorder
}

// openPicture opens the file before any machine starts: if it cannot be written, that
// is better known now. No name, no picture.
func openPicture(name string) (*picture, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("-timeline: %w", err)
	}
	return &picture{file: f}, nil
}

func (p *picture) observe(e exitpool.Event) {
	if p != nil {
		p.rec.Observe(e)
	}
}

// save writes the picture when everything is over: whatever comes of it, all machines
// are released by then.
func (p *picture) save() error {
	if p == nil {
		return nil
	}
	return errors.Join(p.rec.WriteSVG(p.file), p.file.Close())
}
