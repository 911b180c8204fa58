// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"strings"
	"testing"
)

// TestExamples: each exported function, each option and each of their methods has an Example
// with an output, which the tests then run.
func TestExamples(t *testing.T) {
	fset := token.NewFileSet()
	examples := map[string]bool{}
	for _, name := range []string{"example_test.go", "example_attributes_test.go"} {
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("the sources are not here")
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range file.Comments {
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if ok && c.Pos() > f.Body.Lbrace && c.End() < f.Body.Rbrace && strings.HasPrefix(c.Text(), "Output:") {
					examples[f.Name.Name] = true
				}
			}
		}
	}
	options := reflect.TypeFor[Options]()
	for i := range options.NumField() {
		name := options.Field(i).Name
		if want := "ExampleOptions_" + strings.ToLower(name[:1]) + name[1:]; !examples[want] {
			t.Errorf("no %s with an output", want)
		}
	}
	for _, name := range []string{"forkexec.go", "forkexec_linux.go", "options.go"} {
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() {
				continue
			}
			want := "Example" + f.Name.Name
			if f.Recv != nil {
				want = "ExampleOptions_" + f.Name.Name
			}
			if !examples[want] {
				t.Errorf("no %s with an output", want)
			}
		}
	}
}
