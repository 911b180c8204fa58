// SPDX-License-Identifier: BSD-3-Clause

// Command forkexec-overlay makes whole programs start processes through forkexec,
// without a change of their source:
//
//	go run forkexec.example/forkexec/go/cmd/forkexec-overlay -o DIR/overlay.json
//	go build -overlay DIR/overlay.json PROGRAM
//
// It writes an overlay for the go command in use: package [syscall] of the standard
// library gets the C core as generated text, a trampoline, and one more line at the head of
// forkExec, which all starts go through. If it does not know the source of that package, it refuses.
// In such a program FORKEXEC=stdlib switches back to the standard library's own code,
// FORKEXEC=verbose prints the step that failed, with cause and cure, to standard error, and
// FORKEXEC=trace=FILE appends a line of JSON to FILE for each start.
//
//	go run forkexec.example/forkexec/go/cmd/forkexec-overlay -check BINARY
//
// tells whether a program was built with it, even if that is stripped or for another
// architecture: in words, and by exit status 0 if it was, 1 if not, 2 if that cannot be told. (go run
// makes 1 of 2.)
//
// The overlay holds absolute paths of this toolchain and of DIR: make it where you
// build. The same toolchain and DIR give the same bytes.
//
// Package [forkexec.example/forkexec/go] says more about FORKEXEC; docs/migration.md has an
// overlay step by step.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	out := flag.String("o", "", "write the overlay to `FILE`, and what it refers to next to it")
	goCmd := flag.String("go", "go", "the go `COMMAND` to make it for")
	check := flag.String("check", "", "tell whether the program `BINARY` was built with the overlay: exit status 0 if so, 1 if not, 2 if that cannot be told")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), "usage: forkexec-overlay [-go COMMAND] -o DIR/overlay.json\n"+
			"       forkexec-overlay -check BINARY\n\n"+
			"Makes an overlay, so that programs built with go build -overlay DIR/overlay.json start\n"+
			"processes through forkexec; or tells whether a program was built so.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if *check != "" && *out == "" && flag.NArg() == 0 {
		os.Exit(tell(*check))
	}
	if *out == "" || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*out, *goCmd); err != nil {
		fmt.Fprintln(os.Stderr, "forkexec-overlay:", err)
		os.Exit(1)
	}
}

func tell(binary string) int {
	yes, text, err := checkBinary(binary)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "forkexec-overlay:", err)
		return 2
	case yes:
		fmt.Println(text)
		return 0
	}
	fmt.Println(text)
	return 1
}

type goEnv struct{ GOROOT, GOVERSION, GOMODCACHE string }

func run(out, goCmd string) error {
	b, err := exec.Command(goCmd, "env", "-json", "GOROOT", "GOVERSION", "GOMODCACHE").Output()
	if err != nil {
		return fmt.Errorf("%s env: %w", goCmd, err)
	}
	var env goEnv
	if err := json.Unmarshal(b, &env); err != nil {
		return err
	}
	folder := filepath.Join(env.GOROOT, "src", "syscall")
	files, err := overlayFiles(folder)
	if err != nil {
		return fmt.Errorf("%s: %w", env.GOVERSION, err)
	}
	if err := write(out, folder, files); err != nil {
		return err
	}
	// A build with another module cache is as good, so this is only a warning.
	rel, err := filepath.Rel(env.GOMODCACHE, env.GOROOT)
	if err == nil && filepath.IsLocal(rel) && version.Compare(env.GOVERSION, "go1.25") >= 0 {
		fmt.Fprintf(os.Stderr, "forkexec-overlay: this toolchain lies in the module cache, where Go 1.25 and later refuse "+
			"overlays: build with %s, GOTOOLCHAIN=local and another GOMODCACHE\n", filepath.Join(env.GOROOT, "bin", "go"))
	}
	return nil
}

// write puts each file beside the overlay, by a name that the go command takes for
// nothing in case that folder is a package, and then the overlay.
func write(out, folder string, files map[string][]byte) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
		return err
	}
	replace := make(map[string]string)
	for name, content := range files {
		file := filepath.Join(filepath.Dir(out), "forkexec-"+name+".overlay")
		if err := os.WriteFile(file, content, 0o666); err != nil {
			return err
		}
		replace[filepath.Join(folder, name)] = file
	}
	b, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(b, '\n'), 0o666)
}
