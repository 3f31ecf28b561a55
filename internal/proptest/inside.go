package proptest

// This file is about what is inside what.

// scope returns the scope whose end releases what is in h.
func (h *Holder) scope() *Scope {
	for {
		switch {
		case h.Scope != nil:
			return h.Scope
		case h.On != nil:
			h = h.On
		default:
			h = h.Res.In
		}
	}
}

// member returns the resource inside which h is, up to the next scope with a body;
// nil if there is none.
func (h *Holder) member() *Res {
	for h.On != nil {
		h = h.On
	}
	return h.Res
}

// holder returns what f registers on.
func (f *Fn) holder() *Holder {
	switch f.Kind {
	case Body:
		return f.Scope.Holder
	case Acquire:
		return f.Res.Stack
	default:
		return f.Reg.On
	}
}

// inside reports whether f is made by outer, directly or not, or is outer.
func (f *Fn) inside(outer *Fn) bool {
	for ; f != nil; f = f.By {
		if f == outer {
			return true
		}
	}
	return false
}

// outer returns the member inside which r is: nesting counts across the scopes that
// an acquisition opens.
func (r *Res) outer() *Res {
	if m := r.In.member(); m != nil {
		return m
	}
	return r.In.scope().By.member()
}

// member returns the member to which the context of f belongs.
func (f *Fn) member() *Res {
	switch {
	case f == nil:
		return nil
	case f.Kind == Acquire:
		return f.Res
	case f.Kind == Body:
		return f.Scope.By.member()
	default:
		return nil // it gets nothing
	}
}

// pair returns the members of one pool between which the edge lies when user gets
// used; nil if they share none.
func pair(user, used *Res) (a, b *Res) {
	for a = user; a != nil; a = a.outer() {
		if !a.In.Pool {
			continue
		}
		for b = used; b != nil; b = b.outer() {
			if b.In == a.In {
				return a, b
			}
		}
	}
	return nil, nil
}
