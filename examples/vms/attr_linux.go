package main

import (
	"os/exec"
	"syscall"
)

// setApart gives the process a process group of its own. A terminal sends Ctrl-C
// to all processes of the group in front: the machines must not get it, because
// the program is to shut them down. And if the program is killed, so is the
// process. (That is a matter of the thread which starts it, golang/go#27505; here
// no goroutine is locked to a thread, so no thread ends before the program.)
func setApart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
