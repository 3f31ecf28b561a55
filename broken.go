package exitpool

import (
	"runtime"

	"github.com/exitpool/exitpool/internal/callguard"
)

// Code of somebody else can end in a panic or a Goexit. Here that is an error, a
// *PanicError or ErrGoexit, kept apart from what functions return, in fields that
// are called broke. It is raised again where the scope was exited.

// broken returns the panic or Goexit with which a call ended; nil: it returned.
func broken(how callguard.How, op Op, name func() string) error {
	switch {
	case how.Panicked:
		return newPanic(how.Value, how.Stack, op, name)
	case how.Exited:
		return ErrGoexit
	}
	return nil
}

// newPanic keeps a *PanicError that comes by as it is: it is a panic that has
// been raised again.
func newPanic(value any, stack []byte, op Op, name func() string) *PanicError {
	if p, ok := value.(*PanicError); ok {
		return p
	}
	return &PanicError{Value: value, Stack: stack, op: op, name: name()}
}

// unstoppable reports whether err, in the account of a scope, stands for a panic
// or a Goexit. (What a function merely returned is wrapped in an OpError.)
func unstoppable(err error) bool {
	_, panicked := err.(*PanicError)
	return panicked || same(err, ErrGoexit)
}

// worse returns the one of two that goes on: the first, but a panic wins.
func worse(a, b error) error {
	if a == nil {
		return b
	}
	if _, panicked := b.(*PanicError); panicked && same(a, ErrGoexit) {
		return b
	}
	return a
}

// worst returns the panic or Goexit among errs that goes on; nil if there is none.
func worst(errs []error) (broke error) {
	for _, err := range errs {
		if unstoppable(err) {
			broke = worse(broke, err)
		}
	}
	return broke
}

// raise lets broke go on, if it is not nil. err is the whole error of the scope;
// what is in it besides is reachable from the panic.
func raise(broke, err error) {
	switch p := broke.(type) {
	case nil:
	case *PanicError:
		panic(p.beside(err))
	default:
		runtime.Goexit()
	}
}

// beside returns p with what else is in err.
func (p *PanicError) beside(err error) *PanicError {
	var rest []error
	for _, err := range flat(err) {
		if copied, ok := err.(*PanicError); ok && same(err, p) {
			p = copied // and what failed beside that
		} else if err := p.outOf(err); err != nil {
			rest = append(rest, err)
		}
	}
	return p.with(rest)
}

// outOf returns err without p, which a Resource may have got from Wait and returned.
func (p *PanicError) outOf(err error) error {
	switch e := err.(type) {
	case *PanicError:
		if same(e, p) {
			return nil
		}
	case *OpError:
		switch inner := p.outOf(e.Err); {
		case inner == nil:
			return nil
		case !same(inner, e.Err) && identity(e.Err) != nil:
			return &OpError{Op: e.Op, Name: e.Name, Err: inner}
		}
	case *ExitError:
		var kept []error
		for _, err := range flat(e) {
			if err := p.outOf(err); err != nil {
				kept = append(kept, err)
			}
		}
		if len(kept) < len(flat(e)) {
			return joined(nil, kept)
		}
	}
	return err
}

// flat lists what is in the error of a scope.
func flat(err error) (errs []error) {
	e, ok := err.(*ExitError)
	if !ok {
		return nonNil(err)
	}
	for _, err := range e.Unwrap() {
		errs = append(errs, flat(err)...)
	}
	return errs
}
