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
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	return name
}
