package cookbook_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the code of the recipes into the page")

const page = "../../docs/cookbook.md"

// recipe is a file of this package on the page, named above its code.
var recipe = regexp.MustCompile("(?s)(<!-- (\\w+\\.go) -->\n```go\n)(.*?)(```\n)")

func TestThePageShowsTheCodeThatIsTested(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	shown := map[string]bool{}
	want := recipe.ReplaceAllFunc(text, func(block []byte) []byte {
		part := recipe.FindSubmatch(block)
		shown[string(part[2])] = true
		return append(append(append([]byte{}, part[1]...), code(t, string(part[2]))...), part[4]...)
	})
	if *update {
		require.NoError(t, os.WriteFile(page, want, 0o644))
		return
	}
	assert.Equal(t, string(want), string(text))
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		helper := file == "doc.go" || file == "store.go" || file == "closer.go"
		assert.Equal(t, !helper && !strings.HasSuffix(file, "_test.go"), shown[file], file)
	}
	assert.Equal(t, strings.Count(string(text), "```go"), len(shown), "code that is in no file")
}

func TestThePageListsItsRecipes(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	var want string
	for _, h := range regexp.MustCompile("(?m)^## (.*)$").FindAllStringSubmatch(string(text), -1) {
		anchor := regexp.MustCompile("[^a-z0-9 -]").ReplaceAllString(strings.ToLower(h[1]), "")
		want += "- [" + h[1] + "](#" + strings.ReplaceAll(anchor, " ", "-") + ")\n"
	}
	assert.Contains(t, string(text), "\n\n"+want+"\n## ")
}

// code is what follows the imports.
func code(t *testing.T, file string) string {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	_, body, found := strings.Cut(string(text), "\n)\n\n")
	require.True(t, found, file)
	return body
}
