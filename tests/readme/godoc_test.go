// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package readme

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocLinks: what stands in brackets in a documentation comment is a link for go doc and
// pkg.go.dev, to a name that exists or a package that is known.
func TestDocLinks(t *testing.T) {
	links := 0
	for _, dir := range []string{"go", "go/exec", "go/cmd/forkexec-overlay"} {
		files := strings.Fields(run(t, "go", "list", "-f", `{{join .GoFiles " "}} {{join .CgoFiles " "}}`, "./"+dir))
		fset := token.NewFileSet()
		var parsed []*ast.File
		for _, name := range files {
			f, err := parser.ParseFile(fset, filepath.Join(root, dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, f)
		}
		p, err := doc.NewFromFiles(fset, parsed, "forkexec.example/forkexec/"+dir)
		if err != nil {
			t.Fatal(err)
		}
		for where, text := range comments(p) {
			for _, plain := range plains(p.Parser().Parse(text), &links) {
				if m := inBrackets.FindString(plain); m != "" {
					t.Errorf("%s, %s: %s is no link", dir, where, m)
				}
			}
		}
	}
	if links < 30 {
		t.Errorf("only %d links found", links)
	}
}

var inBrackets = regexp.MustCompile(`\[[*A-Za-z][\w./]*\]`)

func comments(p *doc.Package) map[string]string {
	all := map[string]string{"package": p.Doc}
	funcs := func(of string, list []*doc.Func) {
		for _, f := range list {
			all[of+f.Name] = f.Doc
		}
	}
	funcs("", p.Funcs)
	for _, ty := range p.Types {
		all[ty.Name] = ty.Doc
		funcs("", ty.Funcs)
		funcs(ty.Name+".", ty.Methods)
	}
	for i, v := range append(p.Vars, p.Consts...) {
		all[fmt.Sprint("value ", i)] = v.Doc
	}
	return all
}

// plains returns the text of a comment that is in no link.
func plains(d *comment.Doc, links *int) (list []string) {
	texts := func(all []comment.Text) {
		for _, t := range all {
			switch t := t.(type) {
			case comment.Plain:
				list = append(list, string(t))
			case *comment.DocLink:
				*links++
			}
		}
	}
	for _, b := range d.Content {
		switch b := b.(type) {
		case *comment.Paragraph:
			texts(b.Text)
		case *comment.List:
			for _, item := range b.Items {
				for _, c := range item.Content {
					if p, ok := c.(*comment.Paragraph); ok {
						texts(p.Text)
					}
				}
			}
		}
	}
	return list
}
