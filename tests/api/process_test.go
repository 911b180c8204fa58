// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
)

// TestOSStartProcess gives the same input to StartProcess and to os.StartProcess: whatever a
// program can find in the error must be the same. The text, which must be in it, says that
// the case fails for the reason that it is there for.
func TestOSStartProcess(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	missing, plain := filepath.Join(dir, "missing"), filepath.Join(dir, "plain")
	script, lost := filepath.Join(dir, "script"), filepath.Join(dir, "lost")
	for path, text := range map[string]string{plain: "#!/bin/sh\n", script: "exit 6\n", lost: "#!" + missing + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, map[bool]os.FileMode{false: 0o755, true: 0o644}[path == plain]); err != nil {
			t.Fatal(err)
		}
	}
	closed, err := os.Open(plain)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()

	type attr = os.ProcAttr
	type sys = syscall.SysProcAttr
	sh := []string{"sh", "-c", `exit ${CODE:-7}`}
	const noent, inval = ": no such file or directory", ": invalid argument"
	for _, c := range []struct {
		name string
		path string
		argv []string
		attr attr
		text string
	}{
		{"good", "/bin/sh", sh, attr{}, "exit status 7"},
		{"Env", "/bin/sh", sh, attr{Env: []string{"CODE=5"}}, "exit status 5"},
		{"Dir", "/bin/sh", []string{"sh", "-c", "test $PWD = /proc"}, attr{Dir: "/proc"}, "exit status 0"},
		{"Sys", "/bin/sh", sh, attr{Sys: &sys{Setpgid: true}}, "exit status 7"},
		{"Files", "/bin/sh", sh, attr{Files: []*os.File{nil, closed, os.Stderr}}, "exit status 7"},
		{"nil argv", "/bin/true", nil, attr{}, "exit status 0"},
		{"empty argv", "/bin/true", []string{}, attr{}, "exit status 0"},
		{"missing", missing, sh, attr{}, "fork/exec " + missing + noent},
		{"missing, relative", "missing", sh, attr{Dir: "/"}, "fork/exec missing" + noent},
		{"empty path", "", sh, attr{}, "fork/exec " + noent},
		{"empty path and argv", "", nil, attr{}, "fork/exec " + noent},
		{"below a file", plain + "/x", sh, attr{}, ": not a directory"},
		{"folder", dir, sh, attr{}, "fork/exec " + dir + ": permission denied"},
		{"not executable", plain, sh, attr{}, "fork/exec " + plain + ": permission denied"},
		{"no format", script, sh, attr{}, "fork/exec " + script + ": exec format error"},
		{"no interpreter", lost, sh, attr{}, "fork/exec " + lost + noent},
		{"long path", "/" + strings.Repeat("x/", 3000), sh, attr{}, ": file name too long"},
		{"long argument", "/bin/true", []string{strings.Repeat("x", 1<<18)}, attr{}, ": argument list too long"},
		{"missing Dir", "/bin/sh", sh, attr{Dir: missing}, "chdir " + missing + noent},
		{"missing Dir and path", missing, sh, attr{Dir: missing + "x"}, "chdir " + missing + "x" + noent},
		{"missing Dir, with Sys", "/bin/sh", sh, attr{Dir: missing, Sys: &sys{}}, "fork/exec /bin/sh" + noent},
		{"Dir is a file", "/bin/sh", sh, attr{Dir: plain}, "fork/exec /bin/sh: not a directory"},
		{"Dir is a file, with Sys", "/bin/sh", sh, attr{Dir: plain, Sys: &sys{}}, "fork/exec /bin/sh: not a directory"},
		{"NUL in path", "/bin/sh\x00", sh, attr{}, "fork/exec /bin/sh\x00" + inval},
		{"NUL in argv", "/bin/sh", []string{"a", "b\x00c"}, attr{}, "fork/exec /bin/sh" + inval},
		{"NUL in Env", "/bin/sh", sh, attr{Env: []string{"A=\x00"}}, "fork/exec /bin/sh" + inval},
		{"NUL in Dir", "/bin/sh", sh, attr{Dir: "/\x00"}, "chdir /\x00" + inval},
		{"NUL in Dir, with Sys", "/bin/sh", sh, attr{Dir: "/\x00", Sys: &sys{}}, "fork/exec /bin/sh" + inval},
		{"NUL in Dir and path", "/\x00", sh, attr{Dir: "/\x00"}, "chdir /\x00" + inval},
		{"NUL in Chroot", "/bin/sh", sh, attr{Sys: &sys{Chroot: "/\x00"}}, "fork/exec /bin/sh" + inval},
		{"Ctty beyond Files", "/bin/sh", sh, attr{Sys: &sys{Setsid: true, Setctty: true, Ctty: 3}}, "Setctty set but Ctty not valid in child"},
		{"Ctty without Files", "/bin/sh", sh, attr{Sys: &sys{Setsid: true, Setctty: true}}, "Setctty set but Ctty not valid in child"},
		{"Ctty -1", "/bin/sh", sh, attr{Sys: &sys{Setsid: true, Setctty: true, Ctty: -1}}, ": bad file descriptor"},
		{"Setctty and Foreground", "/bin/sh", sh, attr{Sys: &sys{Setctty: true, Foreground: true}}, "both Setctty and Foreground set"},
		{"both, Ctty beyond Files", "/bin/sh", sh, attr{Sys: &sys{Setctty: true, Foreground: true, Ctty: 9}}, "both Setctty and Foreground set"},
		{"both, NUL in argv", "/bin/sh", []string{"\x00"}, attr{Sys: &sys{Setctty: true, Foreground: true}}, "fork/exec /bin/sh" + inval},
		{"Pgid", "/bin/sh", sh, attr{Sys: &sys{Setpgid: true, Pgid: -1}}, "fork/exec /bin/sh" + inval},
		{"Cloneflags", "/bin/sh", sh, attr{Sys: &sys{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_FS}}, "fork/exec /bin/sh" + inval},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := shape(os.StartProcess(c.path, c.argv, &c.attr))
			if !strings.Contains(want, c.text) {
				t.Errorf("os.StartProcess gives\n%s\nthe test expects %q", want, c.text)
			}
			for _, pass := range []string{"first", "second"} { // a first child may report in another way
				if got := shape(forkexec.StartProcess(c.path, c.argv, &c.attr)); got != want {
					t.Errorf("%s: StartProcess gives\n%s\nos.StartProcess\n%s", pass, got, want)
				}
			}
		})
	}
}

// shape waits for a process, or describes the error with all that it wraps.
func shape(p *os.Process, err error) string {
	if err == nil {
		st, err := p.Wait()
		return fmt.Sprint(st, err)
	}
	text := fmt.Sprintf("process %v, timeout %v, exists %v, missing %v, permission %v", p,
		os.IsTimeout(err), os.IsExist(err), os.IsNotExist(err), os.IsPermission(err))
	for ; err != nil; err = errors.Unwrap(err) {
		text += fmt.Sprintf("\n%T %s", err, err)
		switch e := err.(type) {
		case *os.PathError:
			text += fmt.Sprintf(", Op %q, Path %q", e.Op, e.Path)
		case syscall.Errno:
			text += fmt.Sprintf(", %d", int(e))
		}
	}
	return text
}

// os.StartProcess panics without attributes; here there need be none.
func TestNilAttributes(t *testing.T) {
	needC(t)
	clean(t)
	if got := shape(forkexec.StartProcess("/bin/true", []string{"true"}, nil)); got != "exit status 0 <nil>" {
		t.Error(got)
	}
	if _, err := forkexec.StartProcess("/missing", nil, nil); !os.IsNotExist(err) {
		t.Error(err)
	}
}
