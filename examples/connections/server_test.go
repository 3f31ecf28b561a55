package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/exitpool/exitpool"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// required makes a service that is missing a failure.
const required = "EXITPOOL_SERVICES"

// A service is one of the six, with what it says about the connections of one test.
type service struct {
	name  string
	addr  string
	at    func(hostport string) string // its address, if it were there
	open  func(addr string) exitpool.Resource[any]
	count func(t assert.TestingT) int // how many connections of the test the server holds
	kill  func(t *testing.T)          // has the server end them
}

// services returns the six, for the connections of one test.
func services(t *testing.T) []service {
	t.Helper()
	return servicesFor(t, clientName())
}

func servicesFor(t *testing.T, client string) []service {
	t.Helper()
	return []service{
		postgresService(t, client), mariadbService(t, client), redisService(t, client),
		natsService(t, client), rabbitmqService(t, client), mqttService(t, client),
	}
}

var clients atomic.Int64

// clientName returns a name that no other connection has.
func clientName() string { return fmt.Sprintf("exitpool_%d_%d", os.Getpid(), clients.Add(1)) }

// local returns the address of a service that runs, and its host and port. The test
// is skipped without it, or fails where the services are required.
func local(t *testing.T, name string) (addr, hostport string) {
	t.Helper()
	c, err := parseFlags(nil)
	require.NoError(t, err)
	addr = c.addr[name]
	if _, rest, ok := strings.Cut(addr, "@tcp("); ok { // not a URL
		hostport, _, _ = strings.Cut(rest, ")")
	} else {
		u, err := url.Parse(addr)
		require.NoError(t, err)
		hostport = u.Host
	}
	conn, err := net.DialTimeout("tcp", hostport, 5*time.Second)
	switch {
	case err == nil:
		require.NoError(t, conn.Close())
	case os.Getenv(required) == "":
		t.Skipf("no %s: %v (%s=1 makes that a failure)", name, err, required)
	default:
		require.NoError(t, err, "%s is required", name)
	}
	return addr, hostport
}

// moved returns what moves addr from hostport to another one.
func moved(addr, hostport string) func(string) string {
	return func(other string) string { return strings.Replace(addr, hostport, other, 1) }
}

// untyped lets Resources of different types stand in one slice.
func untyped[T any](r exitpool.Resource[T]) exitpool.Resource[any] {
	return func(ctx context.Context, s *exitpool.ExitStack) (any, error) { return r(ctx, s) }
}

// The server that can be asked, and made to end a connection, is one of this
// process: the one on port 4222 has no monitoring. It is as real.
func natsService(t *testing.T, client string) service {
	s, _ := exitpool.NewStack(context.Background())
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	srv, err := exitpool.Enter(t.Context(), s, ServeNATS())
	require.NoError(t, err)
	connections := func(t assert.TestingT) (ids []uint64) {
		all, err := srv.Connz(&server.ConnzOptions{})
		if !assert.NoError(t, err) {
			return nil
		}
		for _, c := range all.Conns {
			if c.Name == client {
				ids = append(ids, c.Cid)
			}
		}
		return ids
	}
	return service{
		name: "nats",
		addr: srv.ClientURL(),
		at:   func(hostport string) string { return "nats://" + hostport },
		open: func(addr string) exitpool.Resource[any] { return untyped(OpenNATS(addr, client)) },
		count: func(t assert.TestingT) int {
			return len(connections(t))
		},
		kill: func(t *testing.T) {
			for _, id := range connections(t) {
				require.NoError(t, srv.DisconnectClientByID(id))
			}
		},
	}
}

func rabbitmqService(t *testing.T, client string) service {
	addr, hostport := local(t, "rabbitmq")
	const ctl = "rabbitmqctl"
	if _, err := exec.LookPath(ctl); err != nil && os.Getenv(required) == "" {
		t.Skipf("no %s, which counts the connections: %v", ctl, err)
	}
	connections := func(t assert.TestingT) (pids []string) {
		out, err := exec.Command(ctl, "-q", "list_connections", "pid", "client_properties").CombinedOutput()
		if !assert.NoError(t, err, "%s", out) {
			return nil
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, `"`+client+`"`) {
				pids = append(pids, strings.Fields(line)[0])
			}
		}
		return pids
	}
	return service{
		name:  "rabbitmq",
		addr:  addr,
		at:    moved(addr, hostport),
		open:  func(addr string) exitpool.Resource[any] { return untyped(OpenRabbitMQ(addr, client)) },
		count: func(t assert.TestingT) int { return len(connections(t)) },
		kill: func(t *testing.T) {
			for _, pid := range connections(t) {
				out, err := exec.Command(ctl, "-q", "close_connection", pid, "killed").CombinedOutput()
				require.NoError(t, err, "%s", out)
			}
		},
	}
}

// mosquittoLog is where the broker says who comes and goes: its counter,
// $SYS/broker/clients/connected, is of all clients, and ten seconds old.
func mosquittoLog() string {
	if file := os.Getenv("MOSQUITTO_LOG"); file != "" {
		return file
	}
	return "/var/log/mosquitto/mosquitto.log"
}

func mqttService(t *testing.T, client string) service {
	addr, hostport := local(t, "mqtt")
	if _, err := os.ReadFile(mosquittoLog()); err != nil && os.Getenv(required) == "" {
		t.Skipf("no log of mosquitto ($MOSQUITTO_LOG), which shows the connections: %v", err)
	}
	return service{
		name: "mqtt",
		addr: addr,
		at:   moved(addr, hostport),
		open: func(addr string) exitpool.Resource[any] { return untyped(OpenMQTT(addr, client)) },
		count: func(t assert.TestingT) (n int) {
			text, err := os.ReadFile(mosquittoLog())
			assert.NoError(t, err)
			for line := range strings.Lines(string(text)) {
				switch {
				case strings.Contains(line, " as "+client+" "):
					n++
				case strings.Contains(line, "Client "+client+" "): // disconnected, closed its connection, already connected
					n--
				}
			}
			return n
		},
		kill: func(t *testing.T) { // a broker ends the connection of a client that comes again
			c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(addr).SetClientID(client).SetAutoReconnect(false))
			token := c.Connect()
			require.True(t, token.WaitTimeout(10*time.Second))
			require.NoError(t, token.Error())
			c.Disconnect(quiesce)
		},
	}
}
