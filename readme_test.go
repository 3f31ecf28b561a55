package exitpool_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheCodeOfTheReadmePrintsWhatItSays(t *testing.T) {
	readme := read(t, "README.md")
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```.*?```text\n(.*?)```").FindStringSubmatch(readme)
	require.Len(t, blocks, 3)
	program := "package main\n\nimport (\n\t\"context\"\n\t\"fmt\"\n\n\t\"github.com/exitpool/exitpool\"\n)\n\nfunc main() {\n" + blocks[1] + "}\n"
	dir := t.TempDir()
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module readme\n\ngo 1.26\n"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), []byte(read(t, "go.sum")), 0o666))
	// The install line of the README, with the path of this checkout.
	edit := regexp.MustCompile(`go (mod edit -require .*) -replace (.*)=\S+\n`).FindStringSubmatch(readme)
	require.Len(t, edit, 3)
	run(t, dir, append(strings.Fields(edit[1]), "-replace", edit[2]+"="+root)...)
	run(t, dir, "mod", "tidy")
	assert.Equal(t, blocks[2], run(t, dir, "run", "."))
}

func TestTheFixturesOfTheReadmeAreThoseOfTheExample(t *testing.T) {
	blocks := strings.Split(read(t, "README.md"), "```go\n")
	require.Len(t, blocks, 3, "code that no test runs")
	code, _, _ := strings.Cut(blocks[2], "```")
	assert.True(t, strings.HasSuffix(read(t, "examples/fixtures/bank_test.go"), "\n"+code), code)
}

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "go %v: %s", args, out)
	return string(out)
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}

func TestEveryGuaranteeOfTheReadmeHasItsTest(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| ([RCFDEXBS]\d+) \|.*\| \[(\w+)\]\((\w+\.go)\) \|$`).FindAllStringSubmatch(read(t, "README.md"), -1)
	assert.Len(t, rows, 12+7+7+7+7+2+6+5)
	for _, row := range rows {
		number, test, file := row[1], row[2], row[3]
		pattern := `(?m)^func ` + test + `\(t \*testing\.T\) \{ // .*\b` + number + `\b`
		assert.Regexp(t, pattern, read(t, file))
	}
}
