// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package walkthrough

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	std  = `"os/exec"`
	ours = `"forkexec.example/forkexec/go/exec"`
)

// A module as they are: two spellings of an import, a vendor folder, files that are not
// formatted, and the words "os/exec" where they are no import.
var module = map[string]string{
	"go.mod": "module ported.example/ported\n\ngo 1.22\n\nrequire dep.example/dep v0.0.0\n\nreplace dep.example/dep => ../dep\n",
	"main.go": `package main

import (
	"fmt"
	"os/exec" // starts it

	"dep.example/dep"
)

var words = []string{
	"os/exec",
}

func main() {
	out, err := exec.Command("/bin/echo", "hello").Output()
	fmt.Printf("%T %q %v %v %v\n", &exec.Cmd{}, out, err, dep.Run(), words)
}
`,
	"more/more_file.go":   "package more\n\nimport run \"os/exec\"\n\nvar   C *run.Cmd\n",
	"other/other.go":      "package other\n\nvar   notFormatted = 1\n",
	"other/testdata/x.go": "package x\n\nimport \"os/exec\"\n\nvar   C exec.Cmd\n",
	"../dep/go.mod":       "module dep.example/dep\n\ngo 1.22\n",
	"../dep/dep.go":       "package dep\n\nimport \"os/exec\"\n\nfunc Run() error { return exec.Command(\"/bin/true\").Run() }\n",
}

const printed = `*exec.Cmd "hello\n" <nil> <nil> [os/exec]`

// ported returns what becomes of a file.
func ported(name string) string {
	text := module[name]
	switch name {
	case "main.go":
		return strings.Replace(text, std, ours, 1)
	case "more/more_file.go":
		return "package more\n\nimport run " + ours + "\n\nvar C *run.Cmd\n"
	}
	return text
}

func (h home) module(t *testing.T) {
	t.Helper()
	for name, text := range module {
		file := filepath.Join(h.dir, "ported", name)
		err := os.MkdirAll(filepath.Dir(file), 0o777)
		if err == nil {
			err = os.WriteFile(file, []byte(text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestMigration ports a module that has a vendor folder by the recipe of docs/migration.md.
func TestMigration(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.module(t)
	list := append([]block{{commands: "cd ported && go mod vendor"}}, blocks(t, "docs/migration.md", "## `os/exec`")...)
	h.run(t, append(list, block{"go build -mod=vendor -o program . && ./program", printed, true},
		block{"go list -mod=vendor -deps . | grep /exec$", "os/exec " + strings.Trim(ours, `"`), true}))
	for name := range module {
		if name == "go.mod" {
			continue
		}
		got, err := os.ReadFile(filepath.Join(h.dir, "ported", name))
		if want := ported(name); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
	vendored, err := os.ReadFile(filepath.Join(h.dir, "ported/vendor/dep.example/dep/dep.go"))
	if err != nil || string(vendored) != module["../dep/dep.go"] {
		t.Errorf("vendor has changed: %v\n%s", err, vendored)
	}
}

// TestOverlay gives the overlay to a module that imports nothing of this one.
func TestOverlay(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.module(t)
	list := append([]block{{commands: "cd ported"}}, blocks(t, "docs/migration.md", "## The overlay")...)
	h.run(t, append(list, block{"./program", printed, true},
		block{"FORKEXEC=trace=starts.json ./program >/dev/null && grep -c method starts.json", "2", true}))
}
