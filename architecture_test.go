package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layer is what a package may import of ours, and what it must keep away from.
type layer struct {
	ours  []string // relative to the module; "x/..." stands for all below x
	never []string // anything else that it must not import
}

// house is the plan of the house: every package, and what it may lean on. Data
// flows one way, so an import never points back up.
func house() map[string]layer {
	io := []string{"os", "net", "net/http", "log/slog", "database/sql"}
	pure := append([]string{"context", "math/rand", "math/rand/v2", "crypto/rand"}, io...)
	return map[string]layer{
		".":                          {ours: []string{"internal/cli"}},
		"config":                     {ours: []string{"internal/ecm", "internal/policy"}, never: []string{"net/http", "log/slog"}},
		"queries":                    {},
		"internal/ecm":               {never: pure},
		"internal/policy":            {ours: []string{"internal/ecm"}, never: pure},
		"internal/book":              {ours: []string{"internal/ecm"}, never: pure},
		"internal/triage":            {ours: []string{"internal/ecm", "internal/policy", "internal/book"}, never: pure},
		"internal/progress":          {ours: []string{"internal/ecm", "internal/policy", "internal/book"}, never: pure},
		"internal/undo":              {ours: []string{"internal/ecm"}, never: pure},
		"internal/brief":             {ours: []string{"internal/ecm", "internal/triage", "internal/progress"}, never: pure},
		"internal/warehouse":         {ours: []string{"internal/ecm"}},
		"internal/ledger":            {ours: []string{"internal/ecm"}, never: io},
		"internal/ledger/ledgertest": {ours: []string{"internal/ecm", "internal/ledger"}},
		"internal/ledger/sheet":      {ours: []string{"internal/ecm", "internal/ledger"}},
		"internal/ledger/sqlstore":   {ours: []string{"internal/ecm", "internal/ledger"}},
		"internal/slack":             {ours: []string{"internal/ecm", "internal/brief"}},
		"internal/run":               {ours: []string{"internal/ecm", "internal/policy", "internal/book", "internal/triage", "internal/progress", "internal/undo", "internal/brief", "internal/ledger"}, never: []string{"os", "flag", "net/http"}},
		"internal/daemon":            {ours: []string{"internal/ecm", "internal/progress", "internal/run"}, never: []string{"os", "os/exec", "flag"}},
		"internal/demo":              {ours: []string{"internal/ecm"}, never: append([]string{"context"}, io...)},
		"internal/fake":              {},
		"internal/cli":               {ours: []string{"config", "queries", "internal/..."}},
	}
}

func TestArchitecture(t *testing.T) {
	plan := house()
	seen := map[string]bool{}
	for dir, files := range packages(t) {
		seen[dir] = true
		rule, known := plan[dir]
		if !known {
			t.Errorf("package %s is not in the plan of the house: add it, with what it may import", dir)
		}
		documented := false
		for name, file := range files {
			documented = documented || file.Doc != nil
			for _, spec := range file.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				checkImport(t, name, dir, imported, rule)
			}
			checkState(t, name, file)
		}
		if !documented {
			t.Errorf("package %s has no doc comment that says its place in the flow", dir)
		}
	}
	for dir := range plan {
		if !seen[dir] {
			t.Errorf("the plan of the house has %s, and the tree does not", dir)
		}
	}
}

func checkImport(t *testing.T, name, dir, imported string, rule layer) {
	t.Helper()
	ours, isOurs := strings.CutPrefix(imported, "pi-manager/")
	switch {
	case isOurs && (ours == "internal/fake" || strings.HasSuffix(ours, "test")):
		t.Errorf("%s imports %s, which is for tests alone", name, ours)
	case isOurs && !slices.ContainsFunc(rule.ours, func(allowed string) bool { return covers(allowed, ours) }):
		t.Errorf("%s: %s may not import %s", name, dir, ours)
	case slices.Contains(rule.never, imported):
		t.Errorf("%s: %s may not import %s", name, dir, imported)
	}
}

func covers(allowed, imported string) bool {
	if below, ok := strings.CutSuffix(allowed, "/..."); ok {
		return strings.HasPrefix(imported, below+"/")
	}
	return allowed == imported
}

// checkState refuses init functions everywhere, and the clock in the pure core.
func checkState(t *testing.T, name string, file *ast.File) {
	t.Helper()
	pure := slices.ContainsFunc([]string{"ecm", "policy", "book", "triage", "progress", "undo", "brief"}, func(dir string) bool {
		return strings.HasPrefix(name, "internal/"+dir+"/")
	})
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				t.Errorf("%s has an init function", name)
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && pure && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, n.Sel.Name) {
				t.Errorf("%s reads the clock: time is an argument here", name)
			}
		}
		return true
	})
}

// packages parses all code but tests, by folder.
func packages(t *testing.T) map[string]map[string]*ast.File {
	t.Helper()
	found := map[string]map[string]*ast.File{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || name == "tools" || name == "demo-world") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(name))
		if found[dir] == nil {
			found[dir] = map[string]*ast.File{}
		}
		found[dir][filepath.ToSlash(name)] = file
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
