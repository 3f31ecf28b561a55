package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// ErrConnectionLost is the error of a connection that its peer has dropped.
var ErrConnectionLost = errors.New("connection lost")

// sendTimeout bounds Send.
const sendTimeout = 5 * time.Second

// Conn is the client's end of a websocket. It knows nothing of exitpool: task.go
// and callback.go make a Resource of it, each in its way.
type Conn struct {
	ws       *websocket.Conn
	tcp      net.Conn        // underneath ws
	lifetime context.Context // until when it may be used
	messages chan string     // what the peer sends. Not closed: the loss is told by a context
	closing  chan struct{}   // closed by Close
}

// Dial connects to the websocket at url. ctx is the lifetime of the connection:
// it bounds the dial, and afterwards every Send.
func Dial(ctx context.Context, url string) (*Conn, error) {
	c := &Conn{lifetime: ctx, messages: make(chan string), closing: make(chan struct{})}
	// A transport of its own, because Close needs the TCP connection, and because
	// that of a refused dial would stay open in the default one.
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			tcp, err := new(net.Dialer).DialContext(ctx, network, addr)
			c.tcp = tcp
			return tcp, err
		},
	}
	ws, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		return nil, err
	}
	c.ws = ws
	return c, nil
}

// Messages is the channel of what the peer sends.
func (c *Conn) Messages() <-chan string { return c.messages }

// Send sends a message. It takes no context: a websocket cuts its connection when
// the context of a Write ends, and this one has a goodbye to say after the body's
// context has ended. A peer that does not read costs sendTimeout at most.
func (c *Conn) Send(text string) error {
	ctx, cancel := context.WithTimeout(c.lifetime, sendTimeout)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		return fmt.Errorf("%w: %w", ErrConnectionLost, err)
	}
	return nil
}

// Close performs the close handshake, for which somebody must be in read. When ctx
// ends, it cuts the connection. A connection that is lost already needs neither. It
// is called once: exitpool sees to that.
func (c *Conn) Close(ctx context.Context) error {
	close(c.closing)
	// websocket.Conn.Close takes no context, and gives the peer five seconds for
	// each half of the handshake.
	stop := context.AfterFunc(ctx, func() { c.tcp.Close() })
	defer stop()
	err := c.ws.Close(websocket.StatusNormalClosure, "")
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// read passes the messages on until there are no more, and returns why: the
// connection is lost, or Close was called.
func (c *Conn) read(ctx context.Context) error {
	for {
		_, text, err := c.ws.Read(ctx)
		if err != nil {
			if !c.isClosing() {
				_ = c.ws.CloseNow() // so that Close tries no handshake with a peer that is gone
			}
			return err
		}
		select {
		case c.messages <- string(text):
		case <-c.closing: // nobody wants it, but the peer's close frame is behind it
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// isClosing reports whether Close was called.
func (c *Conn) isClosing() bool {
	select {
	case <-c.closing:
		return true
	default:
		return false
	}
}
