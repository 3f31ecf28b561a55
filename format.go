package exitpool

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Format prints one line for %v and %s, and for %+v a tree.
func (e *OpError) Format(f fmt.State, verb rune) { format(e, f, verb) }

// Format prints one line for %v and %s, and for %+v a tree with one line per error.
func (e *ExitError) Format(f fmt.State, verb rune) { format(e, f, verb) }

// Format prints one line for %v and %s, and for %+v a tree with one line per
// error. The stack is in Error.
func (e *PanicError) Format(f fmt.State, verb rune) { format(e, f, verb) }

func format(err error, f fmt.State, verb rune) {
	switch {
	case verb == 'q':
		fmt.Fprintf(f, "%q", oneLine(err))
	case verb == 'v' && f.Flag('+'):
		io.WriteString(f, strings.Join(tree(err, ""), "\n"))
	default:
		io.WriteString(f, oneLine(err))
	}
}

// oneLine is err.Error() without line breaks, and of a panic without its stack. It
// asks each error once: to compare texts would take time that doubles with each level
// of nesting.
func oneLine(err error) string {
	switch e := err.(type) {
	case *PanicError:
		return e.line()
	case *OpError, *ExitError:
		return e.Error() // is one line
	case interface{ Unwrap() []error }:
		if reflect.TypeOf(err) == reflect.TypeOf(errors.Join(err)) { // it has no text of its own
			var lines []string
			for _, err := range e.Unwrap() {
				lines = append(lines, oneLine(err))
			}
			return strings.Join(lines, "; ")
		}
	}
	return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
}

// line is the panic and what failed beside it.
func (e *PanicError) line() string {
	line := e.header()
	for _, err := range e.rest {
		line += "; " + oneLine(err)
	}
	return line
}

func (e *PanicError) header() string {
	header := "panic: " + strings.ReplaceAll(fmt.Sprint(e.Value), "\n", "; ")
	if e.op != "" {
		header = string(e.op) + " " + e.name + ": " + header
	}
	return header
}

// tree lists err and what is in it, each in a line that starts with indent: the
// failures of an ExitError below its cause, and what is in an OpError below it.
func tree(err error, indent string) []string {
	const deeper = "  "
	switch e := err.(type) {
	case *ExitError:
		lines := []string{indent + "exit"}
		if e.Cause != nil {
			lines = tree(e.Cause, indent)
		}
		return append(lines, trees(e.Failures, indent+deeper)...)
	case *PanicError:
		return append([]string{indent + e.header()}, trees(e.rest, indent+deeper)...)
	case *OpError:
		switch e.Err.(type) {
		case *ExitError, *OpError:
			return append([]string{indent + string(e.Op) + " " + e.Name}, tree(e.Err, indent+deeper)...)
		}
	}
	return []string{indent + oneLine(err)}
}

func trees(errs []error, indent string) (lines []string) {
	for _, err := range errs {
		lines = append(lines, tree(err, indent)...)
	}
	return lines
}
