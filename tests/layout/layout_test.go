// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Package layout asks whether include/forkexec_go.h describes the structs that the
// toolchain in use passes to forkAndExecInChild: it compiles a C program against the
// header that prints size and offset of every field, and compares with unsafe and
// reflect. Run it with each supported Go version.
package layout

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

// The mirrored types, and the C names of their fields where they are not the Go name
// in snake case.
var mirrored = []struct {
	c   string
	typ reflect.Type
}{
	{"forkexec_go_proc_attr", reflect.TypeOf(syscall.ProcAttr{})},
	{"forkexec_go_sys_proc_attr", reflect.TypeOf(syscall.SysProcAttr{})},
	{"forkexec_go_credential", reflect.TypeOf(syscall.Credential{})},
	{"forkexec_go_id_map", reflect.TypeOf(syscall.SysProcIDMap{})},
	{"forkexec_go_string", reflect.TypeOf(struct {
		Ptr *byte
		Len int
	}{})},
	{"forkexec_go_slice", reflect.TypeOf(struct {
		Ptr      *byte
		Len, Cap int
	}{})},
	{"forkexec_go_frame", reflect.TypeOf(struct {
		Argv0       *byte
		Argv, Envv  []*byte
		Chroot, Dir *byte
		Attr        *syscall.ProcAttr
		Sys         *syscall.SysProcAttr
		Pipe        int
		RetPid      int
		RetErr      syscall.Errno
	}{})},
}

var irregular = map[string]string{
	"PidFD": "pidfd", "CgroupFD": "cgroup_fd", "UseCgroupFD": "use_cgroup_fd", "ContainerID": "container_id", "HostID": "host_id",
	"NoSetGroups": "no_setgroups",
}

func cName(field string) string {
	if n, ok := irregular[field]; ok {
		return n
	}
	var b strings.Builder
	for i, r := range field {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}

func TestLayout(t *testing.T) {
	var src, want strings.Builder
	src.WriteString("#include <stdio.h>\n#include \"forkexec_go.h\"\nint main(void) {\n")
	for _, m := range mirrored {
		fmt.Fprintf(&src, "printf(\"%s %%zu\\n\", sizeof(struct %s));\n", m.c, m.c)
		fmt.Fprintf(&want, "%s %d\n", m.c, m.typ.Size())
		for i := 0; i < m.typ.NumField(); i++ {
			f := m.typ.Field(i)
			n := cName(f.Name)
			fmt.Fprintf(&src, "printf(\"%s.%s %%zu %%zu\\n\", offsetof(struct %s, %s), sizeof(((struct %s *)0)->%s));\n", m.c, n, m.c, n, m.c, n)
			fmt.Fprintf(&want, "%s.%s %d %d\n", m.c, n, f.Offset, f.Type.Size())
		}
	}
	src.WriteString("return 0;\n}\n")
	if got := runC(t, src.String()); got != want.String() {
		t.Errorf("C and Go differ; C says\n%s\nGo says\n%s", got, want.String())
	}
}

func runC(t *testing.T, src string) string {
	t.Helper()
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	dir := t.TempDir()
	file, bin := filepath.Join(dir, "layout.c"), filepath.Join(dir, "layout")
	if err := os.WriteFile(file, []byte(src), 0o666); err != nil {
		t.Fatal(err)
	}
	include, err := filepath.Abs("../../include")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, "-I", include, "-o", bin, file).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cc, err, out)
	}
	out, err := exec.Command(bin).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
