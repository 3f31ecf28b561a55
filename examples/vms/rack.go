package main

import (
	"errors"
	"sync"
)

// A rack holds every process that was started. With Abandon the library goes on
// without a machine that hangs, but the process is still the program's: what is
// running when the program ends is killed. (If the program is killed itself, a
// process machine ends because its standard input does.)
type rack struct {
	mu        sync.Mutex // held while a process is started: unplug misses none
	unplugged bool
	vms       []*VM
}

// start starts the process of vm, unless it is too late for that.
func (r *rack) start(vm *VM) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unplugged {
		return errors.New("the rack has no power any more")
	}
	if err := vm.start(); err != nil {
		return err
	}
	r.vms = append(r.vms, vm)
	return nil
}

// unplug kills what still runs, and waits for the end of it.
func (r *rack) unplug(out *journal) {
	r.mu.Lock()
	r.unplugged = true
	vms := r.vms
	r.mu.Unlock()
	for _, vm := range vms {
		if !vm.ended() {
			out.printf("%s still runs: its plug is pulled", vm.Name)
			_ = vm.Kill() // an error: it has ended meanwhile
			<-vm.done
		}
	}
}
