package cookbook_test

import (
	"net"
	"net/http"
	"os"
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
