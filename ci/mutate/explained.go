package main

// explained says of mutants that live why they may. The keys are without line numbers,
// which change: one stands for all mutants of that text in the file.
var explained = map[string]string{
	"acquire.go and: done || ctx.Done() == nil":                   "a watch on a context that never ends is only memory; a second one there is only if two first Starts come at one instant",
	"acquire.go without p.limit.giveBackLocked(m)":                "matters only if Release or Abandon comes between the grant of a share and the note of it: before that, the semaphore takes the share back",
	"clock.go or: !c.stopped && c.fired == fired":                 "matters only if a Get begins at the very instant at which the time is over, where either may be first; what must hold then is in TestTheClockOfAnAcquisitionAtTheInstantOfAGet",
	"clock.go without <-fired":                                    "the goroutine of the timer would outlive the call by an instant, if it has just begun: only goleak under stress can see that",
	"entries.go boundary 2*len(kept) > cap(kept)":                 "only time is saved: at one length it sweeps once more, or once less",
	"entries.go without kept = slices.Grow(kept, cap(kept))":      "only time is saved: a full stack sweeps more often, and append grows it",
	"exit.go boundary tries > 2":                                  "the number is free: only an error that fails at each look gets there, and what it adds is kept (TestNoCauseIsLostThatComesAtEachLookIntoTheBodysError)",
	"gather.go not err != nil":                                    "what Wait returns holds the panic: it is induced only if another Exit runs at the same instant, and a release panics there",
	"gather.go without err = nil":                                 "what Wait returns holds the panic: it is induced only if another Exit runs at the same instant, and a release panics there",
	"guest.go boundary s.phase >= drained":                        "a Get in the instant between the end of a member's release and its outcome",
	"guest.go or: !over && !slices.Contains(e.guest, got)":        "memory only: one member is listed twice, and taken off as often",
	"leave.go without own.end(nil)":                               "memory only: a timer lives until the grace is over",
	"limit.go without stop()":                                     "memory only: a context hangs on that of the member until its acquisition ends",
	"observe.go boundary o.calls.Load() > 0":                      "time only: the stack is looked at though no observer runs",
	"observe.go without o.calls.Add(-1)":                          "time only: the stack is looked at though no observer runs",
	"observe.go without sp.region.End()":                          "a reader of traces would show it; golang.org/x/exp/trace would be a dependency",
	"outcome.go and: r.body == nil || r.caller == nil":            "time only: the account is made with the same result",
	"outcome.go without a.add(p.rest...)":                         "what is beside a panic is in the copy that is known, or reported by the scope in which it failed",
	"pause.go boundary m.state.Load() < held":                     "a member that is waited for is not held, but for the instant until its waiter wakes",
	"pause.go or: m.pool != nil && m.pool.foreign.Load()":         "time only: the search for circles finds none",
	"release.go without ready = make([]*member, 0, p.members.n)":  "only time is saved: append grows the slice otherwise",
	"stack_exit.go without s.cutInside(context.Canceled, reason)": "unwinding.run does it again a few instructions later: only if a pool on the stack hears of the body's end in between, on another goroutine, does it take that for the caller's",
}
