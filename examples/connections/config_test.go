package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnAddressIsThatOfTheFlagElseOfTheEnvironmentElseTheLocalOne(t *testing.T) {
	for _, a := range addresses {
		t.Setenv(a.env, "")
		c, err := parseFlags(nil)
		require.NoError(t, err)
		require.Equal(t, a.local, c.addr[a.name])
		t.Setenv(a.env, "environment")
		c, err = parseFlags([]string{"-services"})
		require.NoError(t, err)
		require.Equal(t, "environment", c.addr[a.name])
		c, err = parseFlags([]string{"-services", "-" + a.name, "flag"})
		require.NoError(t, err)
		require.Equal(t, "flag", c.addr[a.name])
	}
}

func TestWrongArgumentsAreOneLineAndStatusTwo(t *testing.T) {
	for _, args := range []string{"-no-such-flag", "extra", "-grace x", "-grace -1s", "-redis redis://host"} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 2, command(strings.Fields(args), &stdout, &stderr), args)
		require.Empty(t, stdout.String())
		require.Regexp(t, `^connections: .*\n$`, stderr.String())
	}
}

func TestAWrongAddressIsNamed(t *testing.T) {
	services(t) // else those that are missing are named too
	for _, a := range addresses {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 1, command([]string{"-services", "-" + a.name, "://"}, &stdout, &stderr))
		require.Regexp(t, `acquire `+a.name+`: .*\n$`, stderr.String())
	}
}

func TestTheReadmeListsTheAddresses(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, a := range addresses {
		require.Contains(t, string(readme), "| `-"+a.name+"` | `"+a.env+"` | `"+a.local+"` |")
	}
}

func TestHelpListsTheFlags(t *testing.T) {
	var stdout, stderr bytes.Buffer
	require.Zero(t, command([]string{"-help"}, &stdout, &stderr))
	for _, a := range addresses {
		require.Contains(t, stdout.String(), "$"+a.env)
	}
	require.Empty(t, stderr.String())
}
