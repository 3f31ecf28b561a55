package proptest

import (
	"fmt"
	"reflect"
	"strings"
)

var (
	scopeNames = []string{"WithStack", "WithPool", "NewStack", "NewPool", "Use"}
	resNames   = []string{"Resource", "AcquireRelease", "Closing", "ContextManager", "Gather", "Race", "Quorum"}
	regNames   = []string{"Defer", "Push", "DeferClose", "Go", "implied"}
	fnNames    = []string{"body", "acquire", "release", "task"}
	endNames   = []string{"", "fails", "panics", "Goexit", "returns foreign Canceled", "returns what it was told", "Suppress"}
)

// String prints the program as an indented tree, as a person would write it.
func (p *Program) String() string {
	pr := &printer{}
	pr.line(0, "features:%s", p.Features)
	for _, t := range p.Timeline {
		pr.line(0, "at %v beside it:", t.At)
		pr.step(1, t.Step)
	}
	pr.scope(0, p.Root, "")
	return pr.b.String()
}

// String lists the features that are set.
func (f Features) String() string {
	s := ""
	v := reflect.ValueOf(f)
	for i := range v.NumField() {
		if v.Field(i).Bool() {
			s += " " + v.Type().Field(i).Name
		}
	}
	return s
}

type printer struct{ b strings.Builder }

func (pr *printer) line(depth int, format string, args ...any) {
	fmt.Fprintf(&pr.b, strings.Repeat("  ", depth)+format+"\n", args...)
}

func (o ScopeOpts) String() string {
	s := ""
	if o.Limit > 0 {
		s += fmt.Sprintf(" Limit(%d)", o.Limit)
	}
	if o.Grace >= 0 {
		s += fmt.Sprintf(" Grace(%v)", o.Grace)
	}
	if o.Abandon >= 0 {
		s += fmt.Sprintf(" Abandon(%v)", o.Abandon)
	}
	return s
}

func (pr *printer) scope(depth int, s *Scope, suffix string) {
	exits := ""
	if s.Exits > 0 {
		exits = fmt.Sprintf(", exited by %d others too", s.Exits)
	}
	pr.line(depth, "%s scope %d, holder %d%s%s%s", scopeNames[s.Kind], s.ID, s.Holder.ID, s.Opts, exits, suffix)
	if s.Res != nil {
		pr.res(depth+1, "of ", s.Res, "")
	}
	pr.fn(depth+1, s.Body)
	for _, r := range s.Late {
		pr.reg(depth+1, "after Exit: ", r)
	}
}

func (pr *printer) fn(depth int, f *Fn) {
	end := endNames[f.End]
	if len(f.Steps) == 0 {
		pr.line(depth, "%s #%d: %s", fnNames[f.Kind], f.ID, end)
		return
	}
	pr.line(depth, "%s #%d:", fnNames[f.Kind], f.ID)
	for _, s := range f.Steps {
		pr.step(depth+1, s)
	}
	if end != "" {
		pr.line(depth+1, "%s", end)
	}
}

func (pr *printer) res(depth int, what string, r *Res, suffix string) {
	opts := ""
	if r.Name != "" {
		opts += " Name(" + r.Name + ")"
	}
	if r.Weight != 1 {
		opts += fmt.Sprintf(" Weight(%d)", r.Weight)
	}
	if r.Acquire >= 0 {
		opts += fmt.Sprintf(" AcquireTimeout(%v)", r.Acquire)
	}
	if r.Release >= 0 {
		opts += fmt.Sprintf(" ReleaseTimeout(%v)", r.Release)
	}
	if r.Optional {
		opts += " Optional"
	}
	n := ""
	if r.Kind == Quorum {
		n = fmt.Sprintf("(%d)", r.N)
	}
	pr.line(depth, "%s%s%s r%d in holder %d, stack %d%s%s", what, resNames[r.Kind], n, r.ID, r.In.ID, r.Stack.ID, opts, suffix)
	if r.Fn != nil {
		pr.fn(depth+1, r.Fn)
	}
	if r.Reg != nil {
		pr.reg(depth+1, "", r.Reg)
	}
	for _, kid := range r.Kids {
		pr.res(depth+1, "of ", kid, "")
	}
}

func (pr *printer) reg(depth int, what string, r *Reg) {
	pr.line(depth, "%s%s on holder %d", what, regNames[r.Kind], r.On.ID)
	pr.fn(depth+1, r.Fn)
}

func (pr *printer) step(depth int, s Step) {
	suffix := ""
	if s.Swallow {
		suffix = ", ignoring the error"
	}
	switch s.Op {
	case OpSleep:
		if s.Stubborn {
			suffix = ", ignoring its context"
		}
		pr.line(depth, "sleep %v%s", s.D, suffix)
	case OpServe:
		pr.line(depth, "serve until the context ends")
	case OpRegister:
		pr.reg(depth, "", s.Reg)
	case OpEnter:
		pr.res(depth, "Enter ", s.Res, suffix)
	case OpPool:
		pr.line(depth, "pool %d on holder %d%s", s.Holder.ID, s.Holder.On.ID, s.Holder.Opts)
	case OpStart:
		pr.res(depth, "Start ", s.Res, "")
	case OpGet:
		pr.line(depth, "Get r%d%s", s.Res.ID, suffix)
	case OpWait:
		pr.line(depth, "Wait pool %d%s", s.Holder.ID, suffix)
	case OpScope:
		pr.scope(depth, s.Scope, suffix)
	case OpRelease:
		pr.line(depth, "Release r%d%s", s.Res.ID, suffix)
	case OpCancel:
		pr.line(depth, "Cancel holder %d", s.Holder.ID)
	case OpCaller:
		pr.line(depth, "cancel the caller's context")
	case OpPopAll:
		pr.line(depth, "DeferClose(PopAll()) of holder %d", s.Holder.ID)
	}
}
