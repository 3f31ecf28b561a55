package exitpool

import "context"

// This file is about what is pending while a stack is unwound: what its functions are told,
// and what becomes the failures.

// takes takes over what nobody else reports.
func (x *unwinding) takes(strays []error) {
	for _, err := range strays {
		x.fail(err)
	}
}

// failure is what failed in releasing, for an Event or for the caller of Release.
func (x *unwinding) failure() error {
	if len(x.abandoned) == 0 {
		return joined(nil, x.others)
	}
	return joined(nil, append(x.others[:len(x.others):len(x.others)], &AbandonedError{Names: unique(x.abandoned)}))
}

func (x *unwinding) fail(err error) {
	if i, ok := err.(*interruption); ok {
		m := x.stack.own
		if same(i.cause, ErrClosed) || x.has(i.cause) || m != nil && same(i.cause, context.Cause(m)) {
			return // the end of this scope, seen from inside as that of the caller
		}
	}
	x.add(err)
	x.fresh = false
}

// breaks takes note of a panic or Goexit.
func (x *unwinding) breaks(err error) {
	x.broke = worse(x.broke, err)
	x.fail(err)
}

// told returns the pending error.
func (x *unwinding) told() error {
	if !x.fresh {
		x.pending, x.fresh = x.err(), true
	}
	return x.pending
}

// suppress drops the pending error, panics and Goexit excepted.
func (x *unwinding) suppress() {
	x.suppressed = true
	var stay []error
	for _, err := range append(flat(x.cause), x.others...) {
		if unstoppable(err) {
			stay = append(stay, err)
		}
	}
	if !x.protected {
		x.cause = nil
	}
	x.others, x.known, x.fresh = nil, nil, false
	x.add(stay...)
}
