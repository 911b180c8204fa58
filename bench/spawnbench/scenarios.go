// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A scenario is a program and the conditions under which it is started. To add
// one, see bench/README.md.
type scenario struct {
	name  string // in tables, flags and benchmark names: no slash, no blank
	title string
	// argv returns the command line; argv[0] is an absolute path, so that
	// no path has to search.
	argv func(b *builder) ([]string, error)
	// env is the number of environment variables; 0: as the -env flag says.
	env int
}

func (s *scenario) id() string { return s.name }

var allScenarios = []*scenario{
	{name: "tiny", title: "a static program that exits at once", argv: tinyProgram},
	{name: "true", title: "true", argv: installed("true")},
	{name: "sh", title: "sh -c :", argv: installed("sh", "-c", ":")},
	{name: "git", title: "git --version", argv: installed("git", "--version")},
}

func listScenarios() string {
	var s strings.Builder
	for _, sc := range allScenarios {
		fmt.Fprintf(&s, "  %-10s %s\n", sc.name, sc.title)
	}
	return s.String()
}

func tinyProgram(b *builder) ([]string, error) {
	cc, err := b.cc()
	if err != nil {
		return nil, err
	}
	exe, err := b.compile("tiny", cc,
		append(cFlags, "-static", "-nostdlib", "-Wl,--build-id=none", "tiny.c"))
	return []string{exe}, err
}

// installed returns the command line of a program that is searched in PATH.
func installed(name string, args ...string) func(*builder) ([]string, error) {
	return func(b *builder) ([]string, error) {
		file, err := exec.LookPath(name)
		if err != nil {
			return nil, notInstalled(name)
		}
		file, err = filepath.Abs(file)
		return append([]string{file}, args...), err
	}
}

// kept are the variables that steer the workers, or find programs for them, and
// therefore stay in a made-up environment.
var kept = []string{"PATH", "FORKEXEC", "GODEBUG", "GOGC", "GOMAXPROCS"}

// environment returns n variables of a usual length, or for 0 the current ones.
func environment(n int) []string {
	if n == 0 {
		return os.Environ()
	}
	var env []string
	for _, name := range kept {
		if value, ok := os.LookupEnv(name); ok && len(env) < n {
			env = append(env, name+"="+value)
		}
	}
	for len(env) < n {
		env = append(env, fmt.Sprintf("SPAWNBENCH_%05d=%s", len(env), strings.Repeat("x", 40)))
	}
	return env
}
