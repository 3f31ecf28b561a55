// Package peer does one job in the ways among which a user would choose: open n
// connections, call a body while all are open, and close every one that was opened.
// Each way is as its users write it, one file for each.
package peer

import "context"

// Job is the work. Open may fail; Body is called when all are open.
type Job struct {
	N    int
	Open func(ctx context.Context, i int) (*Conn, error)
	Body func(ctx context.Context) error
}

// Conn is what Open opens.
type Conn struct {
	OnClose func(ctx context.Context) error
}

// Close is the release.
func (c *Conn) Close(ctx context.Context) error { return c.OnClose(ctx) }

// Peer is one way to do a Job.
type Peer struct {
	Name string
	// Lacks says what it does not do of the job, in one sentence.
	Lacks string
	// Serial peers open or close one after another: time that blocks adds up.
	Serial bool
	// Leaks says that what was opened before one failed to open stays open.
	Leaks bool
	// Max is the largest N that is of use; 0 is any.
	Max int
	Run func(ctx context.Context, job Job) error
}

// Names of the peers that others are compared with.
const (
	Exitpool = "exitpool"
	Base     = "careful"
)

// All lists the peers, in the order of the tables.
func All() []Peer {
	return []Peer{
		exitpoolStart, exitpoolGather, careful, naive, concPool, oklogRun, fxLifecycle, doInjector,
		dskitManager, multierrDefer, multierrorGroup, cleanupSlice, deferLoop,
	}
}
