package main

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// soon is how long a server may need to notice that a connection is gone.
const soon = 20 * time.Second

// tick is how often that is looked for.
const tick = 20 * time.Millisecond

// requireGone requires that the servers hold no connection of the test any more.
func requireGone(t *testing.T, all []service) {
	t.Helper()
	for _, s := range all {
		require.EventuallyWithT(t, func(c *assert.CollectT) { assert.Zero(c, s.count(c)) },
			soon, tick, "connections to %s", s.name)
	}
}

// requireOpen requires that each server holds a connection of the test.
func requireOpen(t *testing.T, all []service) {
	t.Helper()
	for _, s := range all {
		require.EventuallyWithT(t, func(c *assert.CollectT) { assert.Positive(c, s.count(c)) },
			soon, tick, "connections to %s", s.name)
	}
}

// refused returns an address where nobody listens.
func refused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// A wire is a listener between a client and a server. Without a server, or when it
// is mute, it says nothing: it accepts, reads, and never answers.
type wire struct {
	addr      string
	accepted  chan struct{} // one for each connection
	server    string
	heardLast chan struct{} // closed when last was heard

	mu   sync.Mutex
	last string // of goMuteAfter, if not empty
	mute bool
	open int // connections that the client has not ended
}

// listen returns a wire to server, or to nowhere.
func listen(t *testing.T, server string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{addr: l.Addr().String(), accepted: make(chan struct{}, 100), server: server, heardLast: make(chan struct{})}
	var all sync.WaitGroup
	t.Cleanup(func() {
		assert.NoError(t, l.Close())
		all.Wait() // a client that leaves a connection open hangs here, as it should not
	})
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			w.add(1)
			w.accepted <- struct{}{}
			all.Go(func() { w.serve(conn) })
		}
	})
	return w
}

// serve carries what the client and the server say until the client is gone.
func (w *wire) serve(client net.Conn) {
	defer w.add(-1)
	defer client.Close()
	to := io.Discard
	if w.server != "" {
		server, err := net.Dial("tcp", w.server)
		if err != nil {
			return
		}
		defer server.Close()
		to = server
		go func() { _, _ = io.Copy(unlessMute{w, client}, server) }() // ends when server is closed
	}
	_, _ = io.Copy(unlessMute{w, to}, client) // an error: the client has cut the connection
}

func (w *wire) add(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open += n
}

func (w *wire) connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open
}

// goMute makes the wire say nothing from now on.
func (w *wire) goMute() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mute = true
}

// goMuteAfter makes the wire say nothing once it has heard text, nor pass that on.
func (w *wire) goMuteAfter(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = text
}

// unlessMute writes to a peer, or drops it.
type unlessMute struct {
	*wire
	to io.Writer
}

func (u unlessMute) Write(p []byte) (int, error) {
	u.mu.Lock()
	mute := u.mute
	if !mute && u.last != "" && bytes.Contains(p, []byte(u.last)) {
		u.mute, mute = true, true
		close(u.heardLast)
	}
	u.mu.Unlock()
	if mute {
		return len(p), nil
	}
	return u.to.Write(p)
}

// requireCut requires that the clients have ended all connections to the wires.
func requireCut(t *testing.T, all ...*wire) {
	t.Helper()
	for _, w := range all {
		require.Eventually(t, func() bool { return w.connections() == 0 }, soon, tick)
	}
}
