// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"forkexec.example/forkexec/c/nocgo"
	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/internal/gate"
	"forkexec.example/forkexec/go/internal/threads"
	"forkexec.example/forkexec/go/internal/trace"
)

//go:embed syscall.txt
var wrapper string

// What is replaced, as it stands in every Go version that is known to work.
const (
	head   = "func forkExec(argv0 string, argv []string, attr *ProcAttr) (pid int, err error) {\n"
	insert = " if p, e, mine, end := forkexecStart(argv0, argv, attr); mine { return p, e } else if end != nil { defer func() { end(pid, err) }() }"
)

// The memory layout that the C core reads (include/forkexec_go.h): types of package
// syscall with their fields in order. A field more, as a newer Go may have, is one that
// the core would ignore, so nothing may differ.
var layout = map[string]string{
	"ProcAttr":     "Dir string; Env []string; Files []uintptr; Sys *SysProcAttr",
	"Credential":   "Uid uint32; Gid uint32; Groups []uint32; NoSetGroups bool",
	"SysProcIDMap": "ContainerID int; HostID int; Size int",
	"SysProcAttr": "Chroot string; Credential *Credential; Ptrace bool; Setsid bool; Setpgid bool; " +
		"Setctty bool; Noctty bool; Ctty int; Foreground bool; Pgid int; Pdeathsig Signal; " +
		"Cloneflags uintptr; Unshareflags uintptr; UidMappings []SysProcIDMap; " +
		"GidMappings []SysProcIDMap; GidMappingsEnableSetgroups bool; AmbientCaps []uintptr; " +
		"UseCgroupFD bool; CgroupFD int; PidFD *int",
}

// overlayFiles returns the files that package syscall in folder gets, by name.
func overlayFiles(folder string) (map[string][]byte, error) {
	if err := checkLayout(folder); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(folder, "exec_unix.go"))
	if err != nil {
		return nil, err
	}
	if bytes.Count(b, []byte(head)) != 1 {
		return nil, fmt.Errorf("exec_unix.go: forkExec is not the function that forkexec knows")
	}
	// On the same line, so that line numbers stay those of the original.
	at := bytes.Index(b, []byte(head)) + len(head) - 1
	files := map[string][]byte{
		"exec_unix.go": append(append(append([]byte(nil), b[:at]...), insert...), b[at:]...),
	}
	settings, err := generated(folder)
	if err != nil {
		return nil, err
	}
	files["zforkexec_linux.go"] = []byte(wrapper + settings)
	files["zforkexec_gate.go"] = inSyscall(gate.Source, "gate", "Gate")
	files["zforkexec_threads_linux.go"] = inSyscall(threads.Source, "threads", "Threads")
	files["zforkexec_other.go"] = []byte(otherSystems())
	err = traceFiles(files)
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(nocgo.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := nocgo.Files.ReadFile(name)
		b = bytes.Replace(b, []byte("\npackage nocgo\n"), []byte("\npackage syscall\n"), 1)
		if name == "call.go" {
			name = "call_linux.go"
		}
		files["zforkexec_"+name] = b
		return err
	})
	return files, err
}

// traceFiles adds those of the trace, written for this: they use nothing of package syscall's
// users, and have no names of its own.
func traceFiles(files map[string][]byte) error {
	return fs.WalkDir(trace.Sources, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := trace.Sources.ReadFile(name)
		files["zforkexec_trace_"+name] = inSyscall(string(b), "trace", "")
		return err
	})
}

// inSyscall is the source of a package of ours as part of package syscall, with a prefix to the
// name that it exports, if any.
func inSyscall(text, pkg, name string) []byte {
	text = strings.Replace(text, "\npackage "+pkg+"\n", "\npackage syscall\n", 1)
	text = strings.Replace(text, "\t\"syscall\"\n", "", 1)
	text = strings.ReplaceAll(text, "syscall.", "")
	if name != "" {
		text = strings.ReplaceAll(text, name, "forkexec"+name)
	}
	return []byte(text)
}

// generated returns what depends on this toolchain and on the step list.
func generated(folder string) (string, error) {
	b, err := os.ReadFile(filepath.Join(folder, "rlimit.go"))
	if err != nil {
		return "", err
	}
	if !bytes.Contains(b, []byte("\nvar origRlimitNofile atomic.Pointer[Rlimit]\n")) {
		return "", fmt.Errorf("rlimit.go: origRlimitNofile is not the variable that forkexec knows")
	}
	below := 0 // Go 1.22 raises the soft limit to the hard one, later ones to one less
	if bytes.Contains(b, []byte("nlim.Cur = nlim.Max - 1\n")) {
		below = 1
	} else if !bytes.Contains(b, []byte("nlim.Cur = nlim.Max\n")) {
		return "", fmt.Errorf("rlimit.go: the soft limit is not raised as forkexec knows it")
	}
	var s strings.Builder
	fmt.Fprintf(&s, "\nconst forkexecRaisedBelowMax = %d\n\nvar forkexecSteps = [...]string{\n", below)
	for step := forkexec.StepRequest; step.String() != forkexec.Step(0).String(); step++ {
		fmt.Fprintf(&s, "\t%d: %q,\n", step, step.String())
	}
	s.WriteString("}\n")
	return s.String(), nil
}

// otherSystems is for those without text: the constraint of call.go turned round.
func otherSystems() string {
	_, archs, _ := strings.Cut(wrapper, "//go:build linux && !android && ")
	archs, _, _ = strings.Cut(archs, "\n")
	return "//go:build unix && (!linux || android || !" + archs + ")\n\npackage syscall\n\n" +
		"func forkexecStart(string, []string, *ProcAttr) (int, error, bool, func(int, error)) { return 0, nil, false, nil }\n"
}

func checkLayout(folder string) error {
	found := make(map[string]string)
	for _, name := range []string{"exec_linux.go", "exec_unix.go"} {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, filepath.Join(folder, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if ok && layout[spec.Name.Name] != "" {
				found[spec.Name.Name] = fields(fset, spec)
			}
			return true
		})
	}
	for name, want := range layout {
		if found[name] != want {
			return fmt.Errorf("type %s is not the one that forkexec knows:\n%s\nforkexec knows:\n%s", name, found[name], want)
		}
	}
	return nil
}

// fields returns the fields of a struct as "Name type; Name type".
func fields(fset *token.FileSet, spec *ast.TypeSpec) string {
	st, ok := spec.Type.(*ast.StructType)
	if !ok {
		return "not a struct"
	}
	var list []string
	for _, f := range st.Fields.List {
		var typ strings.Builder
		_ = printer.Fprint(&typ, fset, f.Type)
		for _, name := range f.Names {
			list = append(list, name.Name+" "+typ.String())
		}
		if f.Names == nil {
			list = append(list, typ.String())
		}
	}
	return strings.Join(list, "; ")
}
