package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"

	"github.com/coder/websocket"
	"github.com/exitpool/exitpool"
)

// Ending is what a peer does after its messages.
type Ending int

const (
	Drop   Ending = iota // it closes the websocket with a close frame
	Cut                  // it closes the TCP connection without a word
	Finish               // it sends lastMessage, and waits for the client to close
	Stay                 // it sends nothing more, and waits for the client to close
	Deaf                 // it reads nothing more, so that no close handshake succeeds
	Refuse               // it does not even accept: there are no messages
)

// String returns what a peer notes when it ends a connection in this way.
func (e Ending) String() string {
	return [...]string{"drop", "cut", "finish", "stay", "deaf", "refuse"}[e]
}

// Script is what a peer does with each connection.
type Script struct {
	Reads    int // messages that it waits for first
	Messages int // that it sends then, each after the answer to the one before
	Ending   Ending
}

// Peer is a websocket server on 127.0.0.1.
type Peer struct {
	URL string

	script   Script
	stopping chan struct{}  // closed when it is released
	handlers sync.WaitGroup // of the connections
	mu       sync.Mutex
	seen     []string
}

// Serve returns the Resource of a peer. Its release waits for the connections.
func Serve(script Script) exitpool.Resource[*Peer] {
	return func(ctx context.Context, s *exitpool.ExitStack) (*Peer, error) {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		p := &Peer{URL: "ws://" + l.Addr().String(), script: script, stopping: make(chan struct{})}
		// A connection is bound to ctx, the lifetime of the peer. When Grace is over
		// ctx ends, and that cuts those which the client has left open.
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p.handlers.Add(1)
			defer p.handlers.Done()
			p.handle(ctx, w, r)
		})}
		s.Go(func(context.Context) error {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
		s.Defer(func(ctx context.Context) error {
			close(p.stopping)
			err := srv.Shutdown(ctx)
			p.handlers.Wait() // Shutdown does not know of websockets
			return err
		})
		return p, nil
	}
}

// Seen returns what came from the clients, and how their connections ended.
func (p *Peer) Seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// note adds to what Seen returns.
func (p *Peer) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, line)
}

// handle follows the script on one connection.
func (p *Peer) handle(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	if p.script.Ending == Refuse {
		http.Error(w, "no", http.StatusServiceUnavailable)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		p.note(err.Error())
		return
	}
	defer ws.CloseNow()
	for range p.script.Reads {
		if !p.read(ctx, ws) {
			return
		}
	}
	for i := range p.script.Messages {
		// The answer shows that the client is done with the message: when the last
		// one is answered, it waits for the next, and then it is dropped.
		if !p.send(ctx, ws, fmt.Sprintf("message %d", i+1)) || !p.read(ctx, ws) {
			return
		}
	}
	switch end := p.script.Ending; end {
	case Drop:
		p.note(end.String())
		_ = ws.Close(websocket.StatusGoingAway, "restarting")
	case Cut:
		p.note(end.String())
		_ = ws.CloseNow()
	case Finish:
		if p.send(ctx, ws, lastMessage) {
			p.readAll(ctx, ws)
		}
	case Stay:
		p.readAll(ctx, ws)
	case Deaf:
		<-p.stopping
	}
}

// send sends a message, and reports whether it could.
func (p *Peer) send(ctx context.Context, ws *websocket.Conn, text string) bool {
	err := ws.Write(ctx, websocket.MessageText, []byte(text))
	if err != nil {
		p.note(err.Error())
	}
	return err == nil
}

// read notes the next message, or how the connection ended. Then it returns false.
func (p *Peer) read(ctx context.Context, ws *websocket.Conn) bool {
	_, text, err := ws.Read(ctx)
	switch {
	case err == nil:
		p.note(string(text))
	case websocket.CloseStatus(err) != -1:
		p.note("closed with " + websocket.CloseStatus(err).String())
	default:
		p.note(err.Error())
	}
	return err == nil
}

// readAll notes all messages, and how the connection ended.
func (p *Peer) readAll(ctx context.Context, ws *websocket.Conn) {
	for p.read(ctx, ws) {
	}
}
