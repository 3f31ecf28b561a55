package cookbook_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/exitpool/exitpool/examples/cookbook"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRunEndsWithZeroAfterASignal(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that is free
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	status := make(chan int)
	go func() { status <- cookbook.Run(addr, http.NotFoundHandler()) }()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
	assert.Zero(t, <-status)
	_, err = net.Dial("tcp", addr)
	assert.Error(t, err)
}

func TestRunEndsWithOneIfItCannotServe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	assert.Equal(t, 1, cookbook.Run(l.Addr().String(), http.NotFoundHandler()))
}

// TestASecondSignalKills runs Run in a process of its own, where a request never ends.
func TestASecondSignalKills(t *testing.T) {
	if addr := os.Getenv("COOKBOOK_RUN"); addr != "" {
		os.Exit(cookbook.Run(addr, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			select {}
		})))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that is free
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	cmd := exec.Command(os.Args[0], "-test.run=^TestASecondSignalKills$")
	cmd.Env = append(os.Environ(), "COOKBOOK_RUN="+addr)
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill() }() // an error: it has ended
	var conn net.Conn
	require.Eventually(t, func() bool {
		conn, err = net.Dial("tcp", addr)
		return err == nil
	}, 10*time.Second, time.Millisecond)
	defer conn.Close()
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
	require.NoError(t, err)
	_, err = conn.Read(make([]byte, 1)) // it is being served
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for waiting := true; waiting; { // until one comes that is not caught
		_ = cmd.Process.Signal(syscall.SIGTERM) // an error: it has just ended
		select {
		case err = <-ended:
			waiting = false
		case <-time.After(50 * time.Millisecond):
		}
	}
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, syscall.SIGTERM, exit.Sys().(syscall.WaitStatus).Signal())
}
