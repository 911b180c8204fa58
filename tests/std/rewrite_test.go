// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package std

// Turning a test file of the standard library into one of the scratch module.

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"sort"
	"strconv"
	"strings"
)

const module = "forkexec.example/forkexec"

const ours = module + "/go/exec"

// imports says which package takes the place of which.
var imports = map[string]string{
	"os/exec":                 ours,
	"internal/testenv":        module + "/tests/std/internal/shim/testenv",
	"internal/poll":           module + "/tests/std/internal/shim/poll",
	"internal/syscall/unix":   module + "/tests/std/internal/shim/unix",
	"os/exec/internal/fdtest": module + "/tests/std/internal/shim/fdtest",
}

// An edit replaces src[from:to].
type edit struct {
	from, to int
	text     string
}

// rewrite returns the file with the imports replaced and the functions named in
// leftOut removed. A file of package exec becomes one of exec_test that imports
// everything exported. keepExec leaves os/exec alone. found tells which functions
// were removed; empty that nothing but imports is left.
func rewrite(name string, src []byte, leftOut map[string]string, keepExec bool) (out []byte, found []string, empty bool, err error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments)
	if err != nil {
		return nil, nil, false, err
	}
	at := func(p token.Pos) int { return fset.Position(p).Offset }
	var edits []edit
	for _, im := range f.Imports {
		path, _ := strconv.Unquote(im.Path.Value) // the parser has checked it
		to, ok := imports[path]
		if !ok && strings.Contains("/"+path+"/", "/internal/") {
			return nil, nil, false, fmt.Errorf("%s imports %s, for which there is no shim", name, path)
		}
		if ok && !(keepExec && path == "os/exec") {
			edits = append(edits, edit{at(im.Path.Pos()), at(im.Path.End()), strconv.Quote(to)})
		}
	}
	left := 0
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if g, isGen := d.(*ast.GenDecl); isGen && g.Tok == token.IMPORT {
			continue
		}
		if ok && leftOut[fn.Name.Name] != "" {
			found = append(found, fn.Name.Name)
			edits = append(edits, edit{at(fn.Pos()), at(fn.End()), ""})
			continue
		}
		left++
	}
	if f.Name.Name == "exec" {
		edits = append(edits, edit{at(f.Name.Pos()), at(f.Name.End()), "exec_test\n\nimport . " + strconv.Quote(ours)})
	}
	return apply(src, edits), found, left == 0, nil
}

func apply(src []byte, edits []edit) []byte {
	sort.Slice(edits, func(i, j int) bool { return edits[i].from < edits[j].from })
	var out []byte
	last := 0
	for _, e := range edits {
		out = append(append(out, src[last:e.from]...), e.text...)
		last = e.to
	}
	return append(out, src[last:]...)
}
