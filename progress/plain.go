package progress

import (
	"fmt"
	"io"
	"sync"
)

// plain writes a line for each change.
type plain struct {
	mu  sync.Mutex // so that lines stay whole
	w   io.Writer
	err error
}

func (p *plain) changed(r *row, s state, _ bool) {
	line := fmt.Sprintf("%s %s", r.label, s.what)
	if s.done {
		line += " after " + short(s.took)
	}
	if s.what == "failed" {
		line += ": " + oneLine(s.err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil { // what cannot be written once is not tried again
		_, p.err = fmt.Fprintln(p.w, line)
	}
}

func (p *plain) write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.w.Write(b)
}

func (p *plain) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}
