//go:build unix

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrongFlagsGiveStatus2AndOneLine(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"-n 0":                  "-n 0",
		"-n -1":                 "-n -1",
		"-n many":               "-n",
		"-fail 0":               "-fail 0",
		"-fail 4":               "-fail 4: the machines are numbered 1 to 3",
		"-n 2 -kill 3":          "-kill 3: the machines are numbered 1 to 2",
		"-hang -1":              "-hang -1",
		"-kill":                 "needs an argument",
		"-grace -1s":            "-grace -1s",
		"-grace soon":           "-grace",
		"-abandon -1s":          "-abandon -1s",
		"-abandon 5":            "not a duration",
		"-boot 0":               "-boot 0s",
		"-fail 1 -kill 2":       "exclude each other",
		"-fail 1 -hang 1":       "the same machine",
		"-timeline=":            "-timeline: the name of a file",
		"-x":                    "-x",
		"extra":                 `"extra"`,
		"-q extra -n 3":         `"extra"`,
		"-q=perhaps":            "-q",
		"machine":               "machine",
		"machine vm-1 none -no": "machine",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			r := runProgram(t, strings.Fields(args)...)
			require.Equal(t, 2, r.status)
			require.Empty(t, r.stdout)
			requireOneLine(t, r.stderr)
			require.Contains(t, r.stderr, says)
			require.True(t, strings.HasPrefix(r.stderr, "vms: "), r.stderr)
		})
	}
}

func TestHelpListsTheFlags(t *testing.T) {
	t.Parallel()
	r := runProgram(t, "-help")
	require.Equal(t, 0, r.status)
	require.Empty(t, r.stderr)
	for _, flag := range []string{"-n ", "-qemu", "-q", "-fail k", "-kill k", "-hang k", "-grace ", "-abandon ", "-timeline file"} {
		require.Contains(t, r.stdout, "\n  "+flag)
	}
}
