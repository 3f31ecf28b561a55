package exitpool

import (
	"context"
	"reflect"
)

// This file makes one error of many. It calls methods of foreign errors, so
// nothing in it runs under a lock.

// joined returns the error of a scope: nil, the only error as it is, or an
// *ExitError.
func joined(cause error, failures []error) error {
	switch {
	case len(failures) == 0:
		return cause
	case len(failures) == 1 && cause == nil:
		return failures[0]
	default:
		return &ExitError{Cause: cause, Failures: failures}
	}
}

// An account adds up the error of one scope or one member: no error twice, none
// that the cause contains already.
type account struct {
	cause  error // comes first; nil if there is none
	others []error
	known  errorSet // what cause and others contain; nil: not made yet, and no others
}

// add adds errors that the account does not contain yet.
func (a *account) add(errs ...error) {
	for _, err := range errs {
		if !a.has(err) {
			a.others = append(a.others, err)
			a.known.insert(err)
		} else if p, ok := err.(*PanicError); ok {
			a.add(p.rest...) // known, but perhaps not with all that failed beside it
		}
	}
}

// has reports whether the account contains err.
func (a *account) has(err error) bool {
	if a.known == nil {
		a.known = errorSet{}
		a.known.insertTree(a.cause)
	}
	if i, ok := err.(*interruption); ok && a.known.has(i.err) && a.known.has(i.cause) {
		return true
	}
	return a.known.has(err)
}

// disregard makes the account take err for one that it contains.
func (a *account) disregard(err error) {
	if !a.has(err) {
		a.known.insert(err)
	}
}

func (a account) err() error { return joined(a.cause, a.others) }

// A reckoning is what the error of a scope is made from, besides what failed.
type reckoning struct {
	body   error
	forced *forcing // nil: not forced
	caller error    // of the caller's context; nil: that lives
}

// plain reports whether the account holds the body's error and what failed, as they
// are: there is no need to look into them.
func (r reckoning) plain() bool { return r.forced == nil && (r.body == nil || r.caller == nil) }

// account adds it up: the body's error, or the cause of the forced exit if the
// body has none of its own; then what failed, and later causes.
func (r reckoning) account(failed []error) (a account) {
	a.cause = r.body
	switch {
	case r.forced != nil:
		known := errorSet{}
		known.insertOurs(r.forced.cause)
		if r.body == nil || only(r.body, func(err error) bool { return isCancel(err) || known.has(err) }) {
			a.cause = r.forced.cause
		} else if r.forced.cause != nil {
			a.add(r.forced.cause)
		}
	case r.body != nil:
		i, ok := r.caller.(*interruption)
		if ok && !a.has(i.cause) && only(r.body, func(err error) bool { return isCancel(err) || same(err, i.err) }) {
			a.cause, a.known = &interruption{r.body, i.cause}, nil // C6
		}
	}
	a.add(failed...)
	if r.forced != nil {
		a.add(r.forced.later...)
	}
	return a
}

// induced reports whether err says nothing but that ctx, which has ended, was
// cancelled, or that the scope around it has closed.
func induced(err error, ctx context.Context) bool {
	if ctx.Err() == nil {
		return false
	}
	ended := ctx.Err()
	known := errorSet{}
	known.insertOurs(context.Cause(ctx))
	return only(err, func(err error) bool {
		return isCancel(err) || same(err, ended) || same(err, ErrClosed) || known.has(err)
	})
}

// only reports whether every leaf of err, or an error above it, is ok.
func only(err error, ok func(error) bool) bool {
	if ok(err) {
		return true
	}
	switch e := err.(type) {
	case *PanicError:
		return false // whatever its value wraps
	case interface{ Unwrap() error }:
		inner := e.Unwrap()
		return inner != nil && only(inner, ok)
	case interface{ Unwrap() []error }:
		errs := e.Unwrap()
		for _, inner := range errs {
			if inner != nil && !only(inner, ok) {
				return false
			}
		}
		return len(errs) > 0
	}
	return false
}

// releases lists the failures of releases in err.
func releases(err error) (errs []error) {
	if e, ok := err.(*OpError); ok && e.Op == OpRelease {
		return []error{e}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return releases(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			errs = append(errs, releases(inner)...)
		}
	}
	return errs
}

// reported is what Exit reports of errs, that happened in an Optional member: the rest is
// its own (F7).
func reported(errs []error) (rest []error) {
	for _, err := range errs {
		if unstoppable(err) {
			rest = append(rest, err)
		} else {
			rest = append(rest, releases(err)...)
		}
	}
	return rest
}

// isCancel reports whether err, itself, is a cancellation: package net has one
// of its own, which Is context.Canceled.
func isCancel(err error) bool {
	if same(err, context.Canceled) {
		return true
	}
	is, ok := err.(interface{ Is(error) bool })
	return ok && is.Is(context.Canceled)
}

// same is a == b for errors of any type: == panics on uncomparable ones. Copies of
// a panic are the same.
func same(a, b error) bool {
	if a == nil || b == nil {
		return false // before anything is looked into: that costs an allocation
	}
	a, b = identity(a), identity(b)
	return a != nil && a == b
}

// identity returns what err is known by; nil if it cannot be compared.
func identity(err error) error {
	if p, ok := err.(*PanicError); ok {
		return p.itself()
	}
	if err == nil || !reflect.ValueOf(err).Comparable() {
		return nil
	}
	return err
}

// An errorSet holds errors by identity. Uncomparable ones are never in it.
type errorSet map[error]struct{}

func (s errorSet) insert(err error) {
	if id := identity(err); id != nil {
		s[id] = struct{}{}
	}
}

func (s errorSet) has(err error) bool {
	id := identity(err)
	if id == nil {
		return false
	}
	_, ok := s[id]
	return ok
}

// insertTree inserts err and everything that it wraps.
func (s errorSet) insertTree(err error) {
	if err == nil {
		return
	}
	s.insert(err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		s.insertTree(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			s.insertTree(inner)
		}
	}
}

// insertOurs inserts a cause and the errors of this package in it: a scope inside
// may know it without the wrapping by scopes further out. What it wraps of somebody
// else's is not the cause: another member may fail with the same sentinel.
func (s errorSet) insertOurs(err error) {
	s.insert(err)
	switch e := err.(type) {
	case *OpError:
		switch e.Err.(type) {
		case *OpError, *ExitError, *interruption:
			s.insertOurs(e.Err)
		}
	case *ExitError:
		for _, inner := range e.Unwrap() {
			s.insertOurs(inner)
		}
	}
}
