package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/exitpool/exitpool"
)

// variant is one of the three: its peers, what it does with them, and what it
// promises besides ErrConnectionLost.
type variant struct {
	name    string
	peers   []exitpool.Resource[*Peer]
	run     func(ctx context.Context, peers []*Peer, log *Log) error
	holds   []string // the names of the connections, one for each peer; released newest first
	parting string   // what the first peer notes last
}

// variants returns the three, with sources that end as given after three messages.
func variants(ending Ending) []variant {
	type peers = []exitpool.Resource[*Peer]
	source := Serve(Script{Messages: 3, Ending: ending})
	sink := Serve(Script{Ending: Stay})
	return []variant{{
		name:  "task",
		peers: peers{source},
		run: func(ctx context.Context, p []*Peer, log *Log) error {
			return RunTask(ctx, p[0].URL, log)
		},
		holds:   []string{"connection"},
		parting: ending.String(),
	}, {
		name:  "callback",
		peers: peers{source},
		run: func(ctx context.Context, p []*Peer, log *Log) error {
			return RunCallback(ctx, p[0].URL, log)
		},
		holds:   []string{"connection"},
		parting: ending.String(),
	}, {
		name:  "nested",
		peers: peers{sink, source},
		run: func(ctx context.Context, p []*Peer, log *Log) error {
			return RunNested(ctx, p[0].URL, p[1].URL, log)
		},
		holds:   []string{"outer", "inner"},
		parting: goodbye + ", closed with StatusNormalClosure",
	}}
}

// play runs a variant with its peers, and returns these too: when the scope has
// exited they have ended, and what they have seen is complete.
func (v variant) play(ctx context.Context, log *Log) (peers []*Peer, err error) {
	err = exitpool.Use(ctx, exitpool.Gather(v.peers...), func(ctx context.Context, p []*Peer) error {
		peers = p
		return v.run(ctx, p, log)
	}, exitpool.Grace(2*grace))
	return peers, err
}

// broken says which promise a variant has not kept; nil: it has kept all.
func (v variant) broken(peers []*Peer, log *Log, err error) error {
	if !errors.Is(err, ErrConnectionLost) {
		return errors.New("the result is not ErrConnectionLost")
	}
	var released []string
	for _, line := range log.Lines() {
		if name, ok := strings.CutPrefix(line, "released "); ok {
			released = append(released, name)
		}
	}
	slices.Reverse(released)
	if !slices.Equal(released, v.holds) {
		return fmt.Errorf("registered %q, released in the reverse order of %q", v.holds, released)
	}
	if seen := strings.Join(peers[0].Seen(), ", "); !strings.HasSuffix(seen, v.parting) {
		return fmt.Errorf("the peer noted %q, and not %q last", seen, v.parting)
	}
	return nil
}
