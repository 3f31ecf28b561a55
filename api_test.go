package exitpool_test

import (
	"encoding/json"
	"flag"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const apiFile = "api/v0.txt"

var updateAPI = flag.Bool("update-api", false, "write "+apiFile)

// The exported symbols are those that api/v0.txt lists. Who changes them on purpose
// runs
//
//	go test -run TestTheAPIIsTheOneWrittenDown -update-api .
func TestTheAPIIsTheOneWrittenDown(t *testing.T) {
	got := strings.Join(exported(t), "\n") + "\n"
	if *updateAPI {
		require.NoError(t, os.WriteFile(apiFile, []byte(got), 0o644))
	}
	want, err := os.ReadFile(apiFile)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// exported lists what the package exports, a line for each: objects, the fields of
// structs, methods.
func exported(t *testing.T) (lines []string) {
	t.Helper()
	fset := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var files []*ast.File
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			f, err := parser.ParseFile(fset, name, nil, 0)
			require.NoError(t, err)
			files = append(files, f)
		}
	}
	config := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	pkg, err := config.Check("github.com/exitpool/exitpool", fset, files, nil)
	require.NoError(t, err)
	short := types.RelativeTo(pkg)
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		typ, isType := obj.(*types.TypeName)
		if !isType {
			lines = append(lines, objectLine(obj, short))
			continue
		}
		lines = append(lines, "type "+name+params(typ, short)+" "+kind(typ, short))
		if s, ok := typ.Type().Underlying().(*types.Struct); ok {
			for f := range s.Fields() {
				if f.Exported() {
					lines = append(lines, "field "+name+"."+f.Name()+" "+types.TypeString(f.Type(), short))
				}
			}
		}
		methods := types.NewMethodSet(types.NewPointer(typ.Type()))
		for m := range methods.Methods() {
			if m.Obj().Exported() {
				lines = append(lines, "method "+name+"."+m.Obj().Name()+strings.TrimPrefix(types.TypeString(m.Type(), short), "func"))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func objectLine(obj types.Object, short types.Qualifier) string {
	line := types.ObjectString(obj, short)
	if c, ok := obj.(*types.Const); ok {
		return strings.Split(line, " = ")[0] + " = " + c.Val().ExactString()
	}
	return line
}

func params(typ *types.TypeName, short types.Qualifier) string {
	named, ok := typ.Type().(*types.Named)
	if !ok || named.TypeParams().Len() == 0 {
		return ""
	}
	var list []string
	for p := range named.TypeParams().TypeParams() {
		list = append(list, p.Obj().Name()+" "+types.TypeString(p.Constraint(), short))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// kind is the underlying type, without what nobody outside can see of it.
func kind(typ *types.TypeName, short types.Qualifier) string {
	switch u := typ.Type().Underlying().(type) {
	case *types.Struct:
		return "struct"
	case *types.Interface:
		return "interface"
	default:
		return types.TypeString(u, short)
	}
}

func TestVetCatchesACopiedStackAndPool(t *testing.T) {
	for _, what := range []string{"ExitStack", "ExitPool"} {
		// The file is in a package of the module only for this call.
		dir, root := t.TempDir(), must(filepath.Abs("."))
		code := "package main\n\nimport \"github.com/exitpool/exitpool\"\n\n" +
			"func copied(v *exitpool." + what + ") { w := *v; _ = &w }\n"
		file, overlay := filepath.Join(dir, "copied.go"), filepath.Join(dir, "overlay.json")
		require.NoError(t, os.WriteFile(file, []byte(code), 0o644))
		require.NoError(t, os.WriteFile(overlay, must(json.Marshal(map[string]map[string]string{
			"Replace": {filepath.Join(root, "examples", "vms", "copied.go"): file}})), 0o644))
		out, err := exec.Command("go", "vet", "-copylocks", "-overlay", overlay, "./examples/vms").CombinedOutput()
		assert.Error(t, err, what)
		assert.Contains(t, string(out), "assignment copies lock value to w: github.com/exitpool/exitpool."+what)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
