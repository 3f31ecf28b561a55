//go:build unix && !linux

package main

import (
	"os/exec"
	"syscall"
)

// setApart gives the process a process group of its own, as on Linux. If the
// program is killed with SIGKILL, a machine of qemu stays.
func setApart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
