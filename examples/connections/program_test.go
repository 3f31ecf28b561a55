package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// withServices returns the arguments that run the program on the services of a test.
func withServices(all []service, client string, more ...string) []string {
	args := []string{"-services", "-client", client, "-parcel", client}
	for _, s := range all {
		args = append(args, "-"+s.name, s.addr)
	}
	return append(args, more...)
}

// servicesOf returns the six and the name of the client they look for.
func servicesOf(t *testing.T) ([]service, string) {
	t.Helper()
	client := clientName()
	return servicesFor(t, client), client
}

// parcels returns how many parcels of client are in the table, and removes them.
func parcels(t *testing.T, addr, client string) int64 {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), addr)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), createParcels)
	require.NoError(t, err)
	tag, err := conn.Exec(t.Context(), "delete from parcels where way like $1", client+" > %")
	require.NoError(t, err)
	return tag.RowsAffected()
}

const way = " > redis > nats > rabbitmq > mqtt > mariadb > postgres"

func TestTheProgramCarriesAParcelThroughTheSixServices(t *testing.T) {
	all, client := servicesOf(t)
	p := startProgram(t, withServices(all, client, "-q")...)
	require.Zero(t, p.wait(), &p.stderr)
	require.Equal(t, client+way+"\n", p.stdout.String())
	require.Empty(t, p.stderr.String())
	require.EqualValues(t, 1, parcels(t, all[0].addr, client))
	requireGone(t, all)
}

func TestTheServerOnItsOwnPortCarriesAParcelToo(t *testing.T) {
	addr, _ := local(t, "nats")
	all, client := servicesOf(t)
	all[3].addr = addr
	p := startProgram(t, withServices(all, client, "-q")...)
	require.Zero(t, p.wait(), &p.stderr)
	require.Equal(t, client+way+"\n", p.stdout.String())
	parcels(t, all[0].addr, client)
}

func TestASignalAfterTheWorkClosesEverythingAndTheStatusIsZero(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		all, client := servicesOf(t)
		p := startProgram(t, withServices(all, client, "-hold")...)
		p.until("everything is open")
		requireOpen(t, all)
		p.signal(sig)
		require.Zero(t, p.wait(), &p.stderr)
		require.EqualValues(t, 1, parcels(t, all[0].addr, client))
		requireGone(t, all)
	}
}

func TestASignalInTheMiddleOfConnectingLeavesNothing(t *testing.T) {
	all, client := servicesOf(t)
	silent := listen(t, "")
	all[5].addr = all[5].at(silent.addr)
	p := startProgram(t, withServices(all, client)...)
	p.until("postgres open")
	<-silent.accepted
	p.signal(syscall.SIGTERM)
	require.Equal(t, 1, p.wait(), &p.stdout)
	require.Equal(t, "connections: context canceled: terminated signal received\n", p.stderr.String())
	requireGone(t, all)
	requireCut(t, silent)
}

func TestASignalInTheMiddleOfTheWorkRollsBackAndLeavesNothing(t *testing.T) {
	all, client := servicesOf(t)
	mute := listen(t, hostport(all[4]))
	mute.goMuteAfter(" > rabbitmq") // the parcel does not come back
	all[4].addr = all[4].at(mute.addr)
	p := startProgram(t, withServices(all, client, "-grace", "1s")...)
	<-mute.heardLast
	p.signal(syscall.SIGTERM)
	require.Equal(t, 1, p.wait(), &p.stdout)
	require.Contains(t, p.stderr.String(), "terminated signal received")
	require.Zero(t, parcels(t, all[0].addr, client))
	requireGone(t, all)
	requireCut(t, mute)
}

func TestAServiceThatNeverAnswersIsNamedByTheProgram(t *testing.T) {
	all, client := servicesOf(t)
	silent := listen(t, "")
	all[2].addr = all[2].at(silent.addr)
	p := startProgram(t, withServices(all, client, "-connect", "1s")...)
	require.Equal(t, 1, p.wait(), &p.stdout)
	require.Contains(t, p.stderr.String(), "connections: acquire redis: ")
	require.Contains(t, p.stderr.String(), context.DeadlineExceeded.Error())
	requireGone(t, all)
}

func TestAConnectionKilledWhileTheProgramHoldsItIsNamed(t *testing.T) {
	all, client := servicesOf(t)
	p := startProgram(t, withServices(all, client, "-hold")...)
	p.until("everything is open")
	all[0].kill(t)
	require.Equal(t, 1, p.wait(), &p.stdout)
	require.Contains(t, p.stderr.String(), "connections: run postgres: connection lost: ")
	require.Zero(t, parcels(t, all[0].addr, client), "it was not committed")
	requireGone(t, all)
}

func TestTheEmbeddedProgramNeedsNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Chdir(t.TempDir())
	p := startProgram(t)
	require.Zero(t, p.wait(), &p.stderr)
	require.True(t, strings.HasSuffix(p.stdout.String(), "\nparcel > nats > sqlite\n"), &p.stdout)
	require.Empty(t, p.stderr.String())
	for _, dir := range []string{".", os.TempDir()} {
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestASignalEndsTheEmbeddedProgramInOrder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p := startProgram(t, "-hold")
	p.until("everything is open")
	start := time.Now()
	p.signal(syscall.SIGTERM)
	require.Zero(t, p.wait(), &p.stderr)
	require.Less(t, time.Since(start), 5*time.Second, "before the grace is over")
	out := p.stdout.String()
	require.Less(t, strings.Index(out, "nats closed\n"), strings.Index(out, "nats-server closing\n"), out)
	require.Less(t, strings.Index(out, "transaction closed\n"), strings.Index(out, "sqlite closing\n"), out)
	require.NotContains(t, out, "lost")
}
