// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// The sources are embedded so that the command needs no checkout around it.
//
//go:embed peers
var peers embed.FS

var cFlags = []string{"-O2", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wconversion"}

// notInstalled is the error for a tool or program that this machine lacks.
type notInstalled string

func (name notInstalled) Error() string { return string(name) + " is not installed" }

// A builder compiles the embedded sources into one directory. What it has
// compiled before, from the same sources with the same compiler, it takes from
// there.
type builder struct {
	dir      string
	tools    map[string]string // name to absolute path
	versions [][2]string       // what has been used, for the report

	temporary []string // files and directories of this run alone

	libraryRoot string // where this module's source is, with the library built
	libraryErr  error
}

// clean removes what only this run needed.
func (b *builder) clean() {
	for _, file := range b.temporary {
		os.RemoveAll(file)
	}
}

func newBuilder(dir string) (*builder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return &builder{dir: dir, tools: make(map[string]string)}, os.MkdirAll(dir, 0o777)
}

// note records a version for the report.
func (b *builder) note(name, version string) {
	if version != "" {
		b.versions = append(b.versions, [2]string{name, version})
	}
}

// tool finds a compiler or interpreter and notes its version.
func (b *builder) tool(name string) (string, error) {
	if file, ok := b.tools[name]; ok {
		return file, nil
	}
	file, err := exec.LookPath(name)
	if err != nil {
		return "", notInstalled(name)
	}
	file, err = filepath.Abs(file)
	if err != nil {
		return "", err
	}
	b.tools[name] = file
	b.note(filepath.Base(name), firstLine(file, "--version"))
	return file, nil
}

// cc finds the C compiler: $CC, or the usual ones.
func (b *builder) cc() (string, error) {
	names := []string{"gcc", "cc", "clang"}
	if cc := os.Getenv("CC"); cc != "" {
		names = []string{cc}
	}
	for _, name := range names {
		if file, err := b.tool(name); err == nil {
			return file, nil
		}
	}
	return "", notInstalled("a C compiler (" + strings.Join(names, ", ") + ")")
}

// library builds this project's C library, once, and returns the directory of the source.
func (b *builder) library() (string, error) {
	if b.libraryRoot != "" || b.libraryErr != nil {
		return b.libraryRoot, b.libraryErr
	}
	b.libraryErr = func() error {
		goTool, err := b.tool("go")
		if err != nil {
			return err
		}
		root := firstLine(goTool, "list", "-f", "{{.Module.Dir}}", packagePath)
		if root == "" {
			return errors.New("the library's source is not here: run spawnbench in a checkout")
		}
		makeTool, err := exec.LookPath("make")
		if err != nil {
			return notInstalled("make")
		}
		out, err := exec.Command(makeTool, "-s", "-C", root, "build/libforkexec.a").CombinedOutput()
		if err != nil {
			return errors.New("libforkexec does not compile: " + firstError(string(out), err))
		}
		b.libraryRoot = root
		return nil
	}()
	return b.libraryRoot, b.libraryErr
}

// source writes an embedded file to the directory and returns its path there.
func (b *builder) source(name string) (string, error) {
	text, err := peers.ReadFile("peers/" + name)
	if err != nil {
		return "", err
	}
	file := filepath.Join(b.dir, name)
	if old, err := os.ReadFile(file); err == nil && string(old) == string(text) {
		return file, nil
	}
	return file, os.WriteFile(file, text, 0o666)
}

var isSource = regexp.MustCompile(`\.(c|rs)$`).MatchString

// compile makes the program name with a compiler that understands -o. Those of
// args that are sources are replaced by their paths; headers are what these
// include. Absolute paths are of files elsewhere, a library or a header.
func (b *builder) compile(name, compiler string, args []string, headers ...string) (string, error) {
	key := sha256.New()
	fmt.Fprintln(key, compiler, firstLine(compiler, "--version"), args)
	command := []string{}
	for _, arg := range append(append([]string{}, args...), headers...) {
		if filepath.IsAbs(arg) {
			text, err := os.ReadFile(arg)
			if err != nil {
				return "", err
			}
			key.Write(text)
			if !strings.HasSuffix(arg, ".h") {
				command = append(command, arg)
			}
			continue
		}
		if !isSource(arg) && !strings.HasSuffix(arg, ".h") {
			command = append(command, arg)
			continue
		}
		file, err := b.source(arg)
		if err != nil {
			return "", err
		}
		text, _ := peers.ReadFile("peers/" + arg)
		key.Write(text)
		if isSource(arg) {
			command = append(command, file)
		}
	}
	exe := filepath.Join(b.dir, fmt.Sprintf("%s-%x", name, key.Sum(nil)[:4]))
	if _, err := os.Stat(exe); err == nil {
		return exe, nil
	}
	// Renamed when complete: another spawnbench may use the directory too.
	tmp := fmt.Sprintf("%s.%d", exe, os.Getpid())
	defer os.Remove(tmp)
	out, err := exec.Command(compiler, append([]string{"-o", tmp}, command...)...).CombinedOutput()
	if err != nil {
		return "", errors.New("does not compile: " + firstError(string(out), err))
	}
	return exe, os.Rename(tmp, exe)
}

// firstError returns the line of a compiler's output that says most.
func firstError(out string, err error) string {
	for _, line := range strings.Split(out, "\n") {
		if _, text, ok := strings.Cut(line, "error: "); ok {
			return text
		}
	}
	return err.Error()
}

// firstLine runs a command and returns the first line that it prints, or "".
func firstLine(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

// muslVersion asks the dynamic loader, which is the only one that tells. It
// does so as part of a complaint that it has nothing to run.
func muslVersion() string {
	loaders, _ := filepath.Glob("/lib/ld-musl-*.so.1")
	if len(loaders) == 0 {
		return ""
	}
	out, _ := exec.Command(loaders[0]).CombinedOutput()
	for _, line := range strings.Split(string(out), "\n") {
		if version, ok := strings.CutPrefix(line, "Version "); ok {
			return version
		}
	}
	return ""
}
