package exittest

import (
	"bytes"
	"runtime"
)

// inBubble reports whether the calling goroutine is in a bubble of testing/synctest.
// No function tells that, but the first line of a stack trace does:
//
//	goroutine 7 [running, synctest bubble 1]:
//
// (T.Deadline panics in a bubble, but only that of the T that synctest.Test passes, and
// where there is no T nothing can be asked.)
func inBubble() bool {
	var trace [128]byte
	line, _, _ := bytes.Cut(trace[:runtime.Stack(trace[:], false)], []byte("\n"))
	return bytes.Contains(line, []byte("synctest bubble"))
}
