package exitpool

import (
	"cmp"
	"context"
	"slices"
)

// wait is Wait, without the search for circles.
func (p *ExitPool) wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		if p.acquiring == 0 {
			well := p.end == nil && len(p.faults) == 0 && !p.cut
			p.mu.Unlock()
			if well {
				return nil
			}
			return p.acquired()
		}
		if p.quiet == nil {
			p.quiet = make(chan struct{})
		}
		quiet, lives := p.quiet, p.halt == nil
		p.mu.Unlock()
		if !lives || ctx == p.from().body { // that ends when the pool is halted
			<-quiet // it waits for every acquisition (R2)
			continue
		}
		select {
		case <-quiet:
		case <-ctx.Done():
			p.poll()
			p.mu.Lock()
			lives = p.halt == nil
			p.mu.Unlock()
			if lives {
				return interrupted(ctx)
			}
		}
	}
}

// acquired returns the error of the acquisitions so far.
func (p *ExitPool) acquired() error {
	p.mu.Lock()
	forced, faults, h := p.forcedLocked(), inOrder(p.faults), p.halt
	cut := p.cut
	p.mu.Unlock()
	if forced != nil {
		forced.cause = forced.reason()
	}
	if err := (reckoning{forced: forced}).account(faults).err(); err != nil || !cut {
		return err
	}
	return h.err
}

// failedLocked lists what failed in acquiring, and by now in releasing, in the
// order of Start. That the caller's context has cut members off comes last.
func (p *ExitPool) failedLocked() (errs []error) {
	errs = inOrder(append(p.faults[:len(p.faults):len(p.faults)], p.failures...))
	if p.halt != nil && p.halt.caller && (p.cut || p.acquiring > 0) {
		errs = append(errs, p.halt.err)
	}
	return errs
}

func inOrder(faults []faultOf) (errs []error) {
	if len(faults) == 0 {
		return nil
	}
	slices.SortStableFunc(faults, func(a, b faultOf) int { return cmp.Compare(a.index, b.index) })
	for _, f := range faults {
		errs = append(errs, f.err)
	}
	return errs
}
