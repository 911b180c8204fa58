// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package cli

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLandlockExample runs the man page's, as it stands there, in a folder that is not below /usr.
func TestLandlockExample(t *testing.T) {
	page, err := os.ReadFile("../../c/man/forkexec.1")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the sources are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(page), "at the lowest priority:\n.P\n.in +4n\n.EX\n")
	line, _, ok := strings.Cut(line, ".EE")
	line = strings.NewReplacer(`\e`, `\`, `\-`, "-").Replace(line)
	if !ok || !strings.HasPrefix(line, "forkexec --") {
		t.Fatalf("the example is %q", line)
	}
	if link, _ := os.Readlink("/bin"); link != "usr/bin" && link != "/usr/bin" {
		t.Skip("/bin is no link to /usr/bin")
	}
	dir := t.TempDir()
	file, err := os.CreateTemp("/var/tmp", "forkexec-index-")
	if err != nil {
		t.Skip(err)
	}
	defer os.Remove(file.Name())
	file.Close()
	index := "#!/bin/sh\necho indexed >" + file.Name() + "\necho leak 2>&1 >" + dir + "/leak && exit 1\nexit 9\n"
	if err := os.WriteFile(filepath.Join(dir, "index"), []byte(index), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `forkexec() { "$FORKEXEC_COMMAND" "$@"; }; `+line)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "FORKEXEC_COMMAND="+command)
	out, _ := cmd.CombinedOutput()
	if strings.Contains(string(out), "ENOSYS") || strings.Contains(string(out), "EOPNOTSUPP") {
		t.Skip("no Landlock here: ", string(out))
	}
	text, err := os.ReadFile(file.Name())
	if cmd.ProcessState.ExitCode() != 9 || string(text) != "indexed\n" {
		t.Errorf("%v, %s, %q, %v\n%s", cmd.ProcessState, out, text, err, line)
	}
}

// TestSearchInsideChroot: the search was there, and the sentence says so.
func TestSearchInsideChroot(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	want := ", inside --chroot " + dir + ". Install it there, or give its path."
	if _, said, status := run(t, "--chroot", dir, "--dir", "/", "sh"); status != 127 || !strings.Contains(said, want) {
		t.Errorf("status %d, %s", status, said)
	}
}
