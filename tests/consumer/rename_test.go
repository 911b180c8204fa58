// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package consumer

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// renamed is not the real path. Its last element differs, too.
const renamed = "git.renamed.example/some-one/spawner"

// copyTree copies the files that git knows, or would take.
func copyTree(t *testing.T, to string) {
	t.Helper()
	list := exec.Command("git", "ls-files", "-co", "--exclude-standard")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(string(out)) {
		from := filepath.Join(root, name)
		info, err := os.Stat(from)
		if os.IsNotExist(err) {
			continue
		}
		b, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o777)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), b, info.Mode())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRename renames a copy of the module; then nothing of the old path may be left, and all
// of it must build, its generated files fit, and a consumer build and run.
func TestRename(t *testing.T) {
	if module == renamed {
		t.Skip("this is the copy")
	}
	dir := t.TempDir()
	copyTree(t, dir)
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
		return string(out)
	}
	for _, wrong := range []string{"", "forkexec", "github.com", "github.com/Some/forkexec", "github.com/a b", "../x.y/z"} {
		cmd := exec.Command("make", "rename", "MODULE="+wrong)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("MODULE=%s is taken: %s", wrong, out)
		}
	}
	run("make", "rename", "MODULE="+renamed)
	err := filepath.Walk(dir, func(file string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		b, err := os.ReadFile(file)
		if bytes.Contains(b, []byte(module)) || strings.HasSuffix(file, ".md") && bytes.Contains(b, []byte("is not published yet")) {
			t.Errorf("%s has the old path", file)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	run("git", "init", "-q") // what is packed is what git would take
	run("go", "vet", "./...")
	if out := run("gofmt", "-l", "."); out != "" {
		t.Errorf("gofmt: %s", out)
	}
	for _, name := range []string{"go/step_generated.go", "c/man/forkexec.7"} {
		was, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		run("go", "run", "./go/internal/gen")
		if is, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(is, was) {
			t.Errorf("%s is made anew with other content, %v", name, err)
		}
	}
	script, err := os.ReadFile(filepath.Join(dir, "c/nocgo/text.gdb"))
	if err != nil || !bytes.Contains(script, []byte(renamed+"/c/nocgo.forkexecText")) {
		t.Errorf("text.gdb has no symbol of the new path, %v", err)
	}
	run("go", "test", "-count=1", "-run", "TestConsumer$", "./tests/consumer")
	run("make", "rename", "MODULE="+module) // and back
	run("go", "build", "./...")
}
