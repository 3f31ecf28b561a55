//go:build !unix

package main

import "os/exec"

// setApart does nothing: a process machine ignores Ctrl-C by itself.
func setApart(*exec.Cmd) {}
