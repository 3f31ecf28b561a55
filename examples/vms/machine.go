package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

// This file is what runs in the process that is a machine. It gets nothing but its
// name, and a trouble; it prints READY and the address of its console.

// machineCommand, as the first argument, makes the program a machine.
const machineCommand = "machine"

// Within pingTimeout another machine must answer.
const pingTimeout = 5 * time.Second

// runMachine returns the exit status of the process.
func runMachine(args []string) int {
	if len(args) != 2 {
		fmt.Fprintf(os.Stderr, "vms: %s is for vms itself: it wants a name and a trouble\n", machineCommand)
		return 2
	}
	name, trouble := args[0], trouble(args[1])
	signal.Ignore(os.Interrupt) // Ctrl-C is for the program that holds the machines
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)

	// Standard input is the plug: it ends when the program that holds the machine
	// does, however that ended, and nothing withstands it.
	plug := make(chan struct{})
	go func() {
		defer close(plug)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	if trouble == neverReady {
		<-plug
		return 1
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	m := &server{name: name, off: make(chan struct{})}
	go m.serve(ln)
	fmt.Println("READY", ln.Addr())

	if trouble == hangs {
		<-plug
		return 1
	}
	select {
	case <-m.off:
		return 0
	case <-term:
		return 0
	case <-plug:
		return 1
	}
}

// A server serves the console.
type server struct {
	name string
	once sync.Once
	off  chan struct{} // closed by the request to shut down
}

func (m *server) serve(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		go m.talk(conn)
	}
}

// talk answers each line with one line.
func (m *server) talk(conn net.Conn) {
	defer conn.Close()
	for in := bufio.NewScanner(conn); in.Scan(); {
		verb, arg, _ := strings.Cut(strings.TrimSpace(in.Text()), " ")
		switch {
		case verb == "ping" && arg == "":
			fmt.Fprintln(conn, "pong")
		case verb == "ping":
			fmt.Fprintln(conn, pingOther(arg))
		case verb == "shutdown":
			fmt.Fprintln(conn, "bye")
			m.once.Do(func() { close(m.off) })
		default:
			fmt.Fprintf(conn, "error: %s knows ping, ping ADDRESS and shutdown\n", m.name)
		}
	}
}

// pingOther pings the machine whose console is at addr, and passes the answer on.
func pingOther(addr string) string {
	ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
	defer cancel()
	answer, err := ask(ctx, addr, "ping")
	if err != nil {
		return "error: " + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	return answer
}
