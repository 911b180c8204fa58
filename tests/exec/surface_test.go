// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const (
	ourPath   = "forkexec.example/forkexec/go/exec"
	theirPath = "os/exec"
)

// added is what ours has and theirs has not.
var added = map[string]bool{
	"Cmd.Options":   true,
	"Cmd.StepError": true,
	"From":          true,
}

// TestSurface compares all that is exported, for the toolchain in use: a name,
// field or method that a newer Go adds fails here until we have it.
func TestSurface(t *testing.T) {
	want, got := surface(t, theirPath), surface(t, ourPath)
	for name, w := range want {
		switch g, ok := got[name]; {
		case !ok:
			t.Errorf("%s is missing: %s", name, w)
		case g != w:
			t.Errorf("%s: %s, os/exec has %s", name, g, w)
		}
	}
	for name, g := range got {
		if want[name] == "" && !added[name] {
			t.Errorf("%s %s is not in os/exec of %s", name, g, runtime.Version())
		}
	}
	if len(want) < 40 { // 1.22 has more; fewer means that the test looks at nothing
		t.Errorf("os/exec has only %d names", len(want))
	}
}

// surface returns the exported names of a package with their types.
func surface(t *testing.T, path string) map[string]string {
	t.Helper()
	list := osexec.Command(filepath.Join(runtime.GOROOT(), "bin", "go"), "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", path)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal("go list: ", err)
	}
	files := map[string]string{}
	for _, line := range strings.Split(string(out), "\n") {
		if p, f, ok := strings.Cut(line, " "); ok {
			files[p] = f
		}
	}
	lookup := func(p string) (io.ReadCloser, error) {
		if files[p] == "" {
			return nil, fmt.Errorf("no export data for %s", p)
		}
		return os.Open(files[p])
	}
	pkg, err := importer.ForCompiler(token.NewFileSet(), "gc", lookup).Import(path)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, name := range pkg.Scope().Names() {
		if o := pkg.Scope().Lookup(name); o.Exported() {
			describe(m, o)
		}
	}
	return m
}

func describe(m map[string]string, o types.Object) {
	tn, isType := o.(*types.TypeName)
	if !isType {
		m[o.Name()] = fmt.Sprintf("%T %s", o, typeString(o.Type()))
		return
	}
	// An alias counts as what it stands for.
	named, ok := types.Unalias(tn.Type()).(*types.Named)
	if !ok {
		m[o.Name()] = "type " + typeString(tn.Type())
		return
	}
	m[o.Name()] = "type " + typeString(named)
	if st, ok := named.Underlying().(*types.Struct); ok {
		for i := 0; i < st.NumFields(); i++ {
			if f := st.Field(i); f.Exported() {
				m[o.Name()+"."+f.Name()] = fmt.Sprintf("field %s embedded %v tag %q", typeString(f.Type()), f.Embedded(), st.Tag(i))
			}
		}
	}
	ms := types.NewMethodSet(types.NewPointer(named))
	byValue := types.NewMethodSet(named)
	for i := 0; i < ms.Len(); i++ {
		f := ms.At(i).Obj()
		if f.Exported() && m[o.Name()+"."+f.Name()] == "" {
			value := byValue.Lookup(f.Pkg(), f.Name()) != nil
			m[o.Name()+"."+f.Name()] = fmt.Sprintf("method %s by value %v", typeString(f.Type()), value)
		}
	}
}

// typeString is a type without names of parameters, and with one name for both
// packages.
func typeString(t types.Type) string {
	if sig, ok := t.(*types.Signature); ok {
		return fmt.Sprintf("func(%s, variadic %v) (%s)", tuple(sig.Params()), sig.Variadic(), tuple(sig.Results()))
	}
	return types.TypeString(types.Unalias(t), func(p *types.Package) string {
		if p.Path() == ourPath || p.Path() == theirPath {
			return "exec"
		}
		return p.Path()
	})
}

func tuple(t *types.Tuple) string {
	var l []string
	for i := 0; i < t.Len(); i++ {
		l = append(l, typeString(t.At(i).Type()))
	}
	return strings.Join(l, ", ")
}
