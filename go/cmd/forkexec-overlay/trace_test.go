// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// traced starts by os/exec, twice, and by package forkexec, which must not be traced twice.
const traced = `package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	forkexec "forkexec.example/forkexec/go"
)

func main() {
	fmt.Println(exec.Command("/bin/sh", "-c", "exit 3").Run())
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: 4000000}
	fmt.Println(cmd.Run())
	p, err := forkexec.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	if err == nil {
		_, err = p.Wait()
	}
	fmt.Println(err)
}
`

const tracedOutput = "exit status 3\nfork/exec /bin/true: operation not permitted\n<nil>\n"

func TestTrace(t *testing.T) {
	_, overlay, build := overlayFor(t, map[string]string{"traced.go": traced})
	program, file := build("traced.go", "-overlay", overlay), filepath.Join(t.TempDir(), "trace")
	run := func(words string) (lines []map[string]any, stderr string) {
		t.Helper()
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), "FORKEXEC="+words)
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil || string(out) != tracedOutput {
			t.Errorf("FORKEXEC=%s: %v, %q", words, err, out)
		}
		text, _ := os.ReadFile(file)
		for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
			m := map[string]any{}
			if err := json.Unmarshal([]byte(line), &m); err != nil && len(text) > 0 {
				t.Errorf("FORKEXEC=%s: %v in %s", words, err, line)
			}
			lines = append(lines, m)
		}
		_ = os.Remove(file)
		return lines, said.String()
	}
	for words, stdlib := range map[string]bool{"trace=" + file: false, "stdlib,trace=" + file: true} {
		lines, stderr := run(words)
		if len(lines) != 3 || stderr != "" {
			t.Fatalf("FORKEXEC=%s: %d lines, %q: %v", words, len(lines), stderr, lines)
		}
		want := []string{"/bin/sh <nil> <nil>", "/bin/true EPERM setpgid", "/bin/true <nil> <nil>"}
		if stdlib {
			want[1] = "/bin/true EPERM <nil>"
		}
		for i, line := range lines {
			if got := fmt.Sprint(line["program"], " ", line["errno"], " ", line["step"]); got != want[i] {
				t.Errorf("FORKEXEC=%s: line %d is %v, want %s", words, i, line, want[i])
			}
			if (line["method"] == nil) != stdlib || (line["why"] == nil) == stdlib || line["exec_ns"] == nil || line["time"] == nil {
				t.Errorf("FORKEXEC=%s: %v", words, line)
			}
		}
		if !strings.Contains(fmt.Sprint(lines[1]["attributes"]), "Setpgid Pgid") {
			t.Errorf("attributes are %v", lines[1]["attributes"])
		}
		for i, line := range lines {
			if strings.Contains(fmt.Sprint(line["attributes"]), "PidFD") {
				t.Errorf("line %d has an attribute that nobody has set: %v", i, line)
			}
		}
	}
	// Nothing is read there: it never ends.
	if _, stderr := run("trace=/dev/full"); strings.Count(stderr, "no space left") != 2 { // package and overlay, once each
		t.Errorf("a full disk: %q", stderr)
	}
}
