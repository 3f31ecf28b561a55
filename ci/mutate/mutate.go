package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// A mutant is one place, and what becomes of it.
type mutant struct {
	file string
	line int
	what string
}

func (m mutant) String() string { return fmt.Sprintf("%s:%d %s", m.file, m.line, m.what) }

// key is what the mutant is known by in explained: line numbers change.
func (m mutant) key() string { return m.file + " " + m.what }

// switches is what the mutants call.
const switches = `package exitpool

import (
	"cmp"
	"os"
	"strconv"
)

var mutantOn = func() int { n, _ := strconv.Atoi(os.Getenv("MUTANT")); return n }()

func mutIs(n int) bool { return mutantOn == n }

func mutLess[T cmp.Ordered](n int, a, b T, orEqual bool) bool {
	return a < b || a == b && orEqual != (mutantOn == n)
}

func mutAnd(n int, a bool, b func() bool) bool {
	if mutantOn == n {
		return a || b()
	}
	return a && b()
}

func mutOr(n int, a bool, b func() bool) bool {
	if mutantOn == n {
		return a && b()
	}
	return a || b()
}
`

// An edit is text put in at, or instead of, a part of the source.
type edit struct {
	from, to int
	text     string
	depth    int // of the node: what is outer comes first at the beginning, and last at the end
}

// mutate returns src with its mutants in it. They are numbered from known+1 on.
func mutate(file string, src []byte, known int) ([]byte, []mutant) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	check(err)
	var found []mutant
	var edits []edit
	at := func(p token.Pos) int { return fset.Position(p).Offset }
	text := func(n ast.Node) string {
		return strings.Join(strings.Fields(string(src[at(n.Pos()):at(n.End())])), " ")
	}
	depth := 0
	mark := func(n ast.Node, what string) int {
		found = append(found, mutant{file, fset.Position(n.Pos()).Line, what})
		return known + len(found)
	}
	around := func(n ast.Node, before, after string) {
		edits = append(edits, edit{at(n.Pos()), at(n.Pos()), before, depth}, edit{at(n.End()), at(n.End()), after, -depth})
	}
	instead := func(pos token.Pos, op token.Token, with string) {
		edits = append(edits, edit{at(pos), at(pos) + len(op.String()), with, 0})
	}
	binary := func(e *ast.BinaryExpr) {
		if strings.Contains(text(e), "exitingGoroutine") || strings.Contains(text(e), "insideObserver") {
			return // they look at who called them
		}
		switch e.Op {
		case token.EQL, token.NEQ:
			around(e, fmt.Sprintf("(mutIs(%d) != (", mark(e, "not "+text(e))), "))")
		case token.LAND:
			around(e, fmt.Sprintf("mutAnd(%d, ", mark(e, "or: "+text(e))), " })")
			instead(e.OpPos, e.Op, ", func() bool { return ")
		case token.LOR:
			around(e, fmt.Sprintf("mutOr(%d, ", mark(e, "and: "+text(e))), " })")
			instead(e.OpPos, e.Op, ", func() bool { return ")
		case token.LSS:
			around(e, fmt.Sprintf("mutLess(%d, ", mark(e, "boundary "+text(e))), ", false)")
			instead(e.OpPos, e.Op, ",")
		case token.LEQ:
			around(e, fmt.Sprintf("mutLess(%d, ", mark(e, "boundary "+text(e))), ", true)")
			instead(e.OpPos, e.Op, ",")
		case token.GTR: // a > b is not a <= b
			around(e, fmt.Sprintf("!mutLess(%d, ", mark(e, "boundary "+text(e))), ", true)")
			instead(e.OpPos, e.Op, ",")
		case token.GEQ:
			around(e, fmt.Sprintf("!mutLess(%d, ", mark(e, "boundary "+text(e))), ", false)")
			instead(e.OpPos, e.Op, ",")
		}
	}
	without := func(list []ast.Stmt) {
		for _, s := range list {
			if removable(s) {
				around(s, fmt.Sprintf("if !mutIs(%d) { ", mark(s, "without "+text(s))), " }")
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil {
			depth--
			return false
		}
		depth++
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok != token.VAR {
				depth--
				return false
			}
		case *ast.BinaryExpr:
			binary(n)
		case *ast.BlockStmt:
			without(n.List)
		case *ast.CaseClause:
			without(n.Body)
		case *ast.CommClause:
			without(n.Body)
		}
		return true
	})
	return apply(src, edits), found
}

// removable reports whether the package compiles, and means something, without s.
func removable(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return true
		}
		name, _ := call.Fun.(*ast.Ident)
		return name == nil || name.Name != "panic" // it ends a function
	case *ast.AssignStmt:
		return s.Tok != token.DEFINE
	case *ast.IncDecStmt, *ast.DeferStmt, *ast.SendStmt:
		return true
	}
	return false
}

func apply(src []byte, edits []edit) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int {
		if a.from != b.from {
			return a.from - b.from
		}
		// At one place what ends comes before what begins.
		ends := func(e edit) int {
			if e.depth < 0 {
				return 0
			}
			return 1
		}
		if ends(a) != ends(b) {
			return ends(a) - ends(b)
		}
		return a.depth - b.depth
	})
	var out []byte
	done := 0
	for _, e := range edits {
		out = append(out, src[done:e.from]...)
		out = append(out, e.text...)
		done = max(done, e.to)
	}
	return append(out, src[done:]...)
}
