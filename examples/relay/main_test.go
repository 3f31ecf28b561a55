package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// outcome is what came of a variant that was played.
type outcome struct {
	err  error
	log  []string   // up to the first colon of each line
	seen [][]string // by each peer
}

// played runs a variant against peers that follow the scripts. out sees each line
// of its log as it is written.
func played(ctx context.Context, out io.Writer, run func(context.Context, []string, *Log) error, scripts ...Script) outcome {
	v := variant{run: func(ctx context.Context, peers []*Peer, log *Log) error {
		var urls []string
		for _, p := range peers {
			urls = append(urls, p.URL)
		}
		return run(ctx, urls, log)
	}}
	for _, script := range scripts {
		v.peers = append(v.peers, Serve(script))
	}
	log := NewLog(out)
	peers, err := v.play(ctx, log)
	o := outcome{err: err}
	for _, line := range log.Lines() {
		head, _, _ := strings.Cut(line, ":")
		o.log = append(o.log, head)
	}
	for _, p := range peers {
		o.seen = append(o.seen, p.Seen())
	}
	return o
}

// onLine is a writer that calls f when a line contains text.
type onLine struct {
	text string
	f    func()
}

// Write calls f if p contains the text.
func (w onLine) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.text) {
		w.f()
	}
	return len(p), nil
}

func TestTheProgramRunsTheThreeVariantsAndExitsWithZero(t *testing.T) {
	for _, args := range [][]string{nil, {"-cut"}} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), args, &stdout, &stderr)
		require.Zero(t, code, "%s%s", &stdout, &stderr)
		require.Empty(t, stderr.String())
		require.Equal(t, 3, strings.Count(stdout.String(), "\n  result: "))
	}
}

func TestTheProgramExitsWithOneIfAPromiseIsNotKept(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var stderr bytes.Buffer
	require.Equal(t, 1, run(ctx, nil, io.Discard, &stderr))
	require.Contains(t, stderr.String(), "the result is not ErrConnectionLost")
}

func TestTheProgramExitsWithTwoForWrongArguments(t *testing.T) {
	for _, args := range [][]string{{"-no-such-flag"}, {"extra"}} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 2, run(t.Context(), args, &stdout, &stderr))
		require.Empty(t, stdout.String())
		require.Contains(t, stderr.String(), "Usage of relay")
	}
}

func TestAVariantThatReleasesInTheWrongOrderIsNoticed(t *testing.T) {
	v := variants(Drop)[2]
	v.run = func(context.Context, []*Peer, *Log) error { return ErrConnectionLost }
	log := NewLog(io.Discard)
	peers, err := v.play(t.Context(), log)
	log.Printf("released outer")
	log.Printf("released inner")
	require.ErrorContains(t, v.broken(peers, log, err), "reverse order")
}
