package exitpool

import (
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strconv"
	"strings"
)

// A name that nobody gave is the function's and its index in its scope. It is
// made only when somebody asks for it: for an error, an event or Status.

func funcName(f any, index uint32) string {
	return indexed(pcName(reflect.ValueOf(f).Pointer()), index)
}

func closerName(c io.Closer, index uint32) string {
	return indexed(fmt.Sprintf("(%T).Close", c), index)
}

func indexed(name string, index uint32) string {
	return name + "#" + strconv.FormatUint(uint64(index), 10)
}

// pcName returns the name of a function without the path of its package:
// "main.OpenDB", "main.(*VM).Shutdown".
func pcName(pc uintptr) string {
	name := "func"
	if f := runtime.FuncForPC(pc); f != nil {
		name = f.Name()
	}
	name = strings.ReplaceAll(name, "[...]", "")
	name = strings.TrimSuffix(name, "-fm") // a method value
	return name[strings.LastIndexByte(name, '/')+1:]
}

// nested wraps a failure of a scope inside a member that has a name.
func (x *unwinding) nested(err error) error {
	e, ok := err.(*OpError)
	if m := x.stack.own; !ok || m == nil || !m.named() {
		return err
	}
	return opError(e.Op, x.name, true, err)
}

// name is what errors call the entry: inside a member, the member's name.
func (x *unwinding) name() string {
	if m := x.stack.own; m != nil {
		return m.name()
	}
	return x.entry.name()
}

// namer returns what name does, also when x has come to other entries.
func (x *unwinding) namer() func() string {
	if m := x.stack.own; m != nil {
		return m.name
	}
	return x.entry.name
}

// opError wraps the error of a function or task of this stack.
func (x *unwinding) opError(op Op, err error) error {
	named := x.stack.own != nil && x.stack.own.named()
	return opError(op, x.name, named, err)
}

func (e entry) name() string {
	switch thing := e.thing.(type) {
	case closer:
		return closerName(thing.Closer, e.index)
	case *task:
		return funcName(thing.run, e.index)
	default:
		return funcName(thing, e.index)
	}
}

// opError wraps err, but an *OpError only if the name was given.
func opError(op Op, name func() string, named bool, err error) error {
	if e, ok := err.(*OpError); ok && (!named || e.Name == name()) {
		return err
	}
	return &OpError{Op: op, Name: name(), Err: err}
}
