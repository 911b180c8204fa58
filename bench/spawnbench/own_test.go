// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A program of the user's must find its input, directory and variables on every path and
// at every start, and must be the only thing that is measured.
func TestOwnProgram(t *testing.T) {
	dir := t.TempDir()
	input, record := filepath.Join(dir, "input"), filepath.Join(dir, "record")
	if err := os.WriteFile(input, []byte("one\ntwo\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	check := fmt.Sprintf(`read -r a; read -r b; test "$a $b $OWN $PWD $1" = "one two a=b %s /x y"`, dir)
	var stdout, stderr bytes.Buffer
	err := run([]string{"-quick", "-build", buildDir, "-json", record, "-stdin", input, "-dir", dir, "-setenv", "OWN=a", "-setenv", "OWN=a=b",
		"--", "sh", "-c", check, "sh", "/x y"}, &stdout, &stderr)
	if err != nil {
		t.Fatalf("%v\n%s%s", err, &stdout, &stderr)
	}
	rec, err := readRecord(record)
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Results) != 1 || rec.Results[0].Scenario != "program" {
		t.Fatalf("measured %d scenarios, the first being %s", len(rec.Results), rec.Results[0].Scenario)
	}
	for _, name := range withoutNil(plainPaths) {
		s := rec.Results[0].find(name)
		if p := pathNamed(name); s == nil && p.host == goHost {
			t.Errorf("%s has not run", name)
		}
	}
	if rec.Results[0].find("exec_nil") != nil {
		t.Error("exec_nil has run: it gives the program no input")
	}
}

// A program that fails says so, and the run with it.
func TestOwnProgramFails(t *testing.T) {
	var stdout, stderr bytes.Buffer
	err := run([]string{"-quick", "-build", buildDir, "-paths", "floor,exec", "--", "false"}, &stdout, &stderr)
	if err == nil || !strings.Contains(err.Error(), "must end with exit status 0") {
		t.Errorf("false is measured: %v", err)
	}
}

// Where root runs spawnbench, an ordinary user's workers are that, with all they need.
func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: nobody else can be become")
	}
	b, err := newBuilder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	paths := []*path{pathNamed("forkexec")}
	s := &session{sc: &scenario{}, hosts: buildHosts(b, paths), program: []string{"/bin/sh", "-c", `test "$(id -u)$(id -g)" = 6553465534`},
		setup: setup{env: os.Environ()}}
	if err := s.becomeOrdinary(b); err != nil {
		t.Fatal(err)
	}
	defer func() {
		b.clean()
		if _, err := os.Stat(s.setup.dir); err == nil {
			t.Errorf("%s is left", s.setup.dir)
		}
	}()
	if s.program[0] == "/bin/sh" {
		t.Error("the program is still where an ordinary user may not get at it")
	}
	if _, err := s.start(paths); err != nil {
		t.Fatal(err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

func TestCSV(t *testing.T) {
	rec := fake()
	rec.Results[0].Series[0].Values = map[string]float64{syscalls: 14}
	text, err := csvLines(rec)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(line []string, column string) string { return line[slices.Index(lines[0], column)] }
	if len(lines) != 1+10*(5+5+3+3) {
		t.Errorf("%d lines", len(lines))
	}
	first := lines[1]
	if at(first, "scenario") != "tiny" || at(first, "path") != "exec" || at(first, "ns") != "45000" || at(first, "session") != "1" ||
		at(first, syscalls) != "14" || at(first, involuntary) != "0.5" || at(first, faults) != "" {
		t.Errorf("%q under %q", first, lines[0])
	}
}

// What has not changed is no change, however fast the machine was, and what has is one.
func TestCompare(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, change func(rec *record)) string {
		rec := fake()
		change(rec)
		text, err := formats[slices.IndexFunc(formats, func(f format) bool { return f.name == "json" })].text(rec)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, text, 0o666); err != nil {
			t.Fatal(err)
		}
		return file
	}
	before := write("old", func(*record) {})
	after := write("new", func(rec *record) {
		rec.Machine.Kernel = "10.0"
		for _, s := range rec.Results[0].Series {
			for i := range s.Rounds {
				s.Rounds[i].Cost *= 2 // another machine
				if s.Path == "forkexec" {
					s.Rounds[i].Cost *= 0.9
					s.Rounds[i].Values[voluntary] = 1
				}
			}
		}
	})
	var out bytes.Buffer
	if err := compare([]string{before, after}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"not the same kernel: 9.9 and 10.0", "10 % (10 to 10) less", noDifference, "2.0 to 1.0"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	for _, args := range [][]string{{before}, {before, dir}, {before, after, after}} {
		if err := compare(args, &out); err == nil {
			t.Errorf("compare %v is accepted", args)
		}
	}
	for _, c := range []struct {
		paths []string
		want  string
	}{
		{[]string{"exec", "osexec"}, ""}, {[]string{"forkexec", stdlibPath}, ""},
		{[]string{"exec"}, "measure with -paths …,floor"}, {nil, "nothing in common"},
	} {
		file := write("few", func(rec *record) {
			for _, r := range rec.Results {
				r.Series = slices.DeleteFunc(r.Series, func(s *series) bool { return !slices.Contains(c.paths, s.Path) })
			}
		})
		out.Reset()
		err := compare([]string{file, file}, &out)
		if c.want == "" && (err != nil || !strings.Contains(out.String(), c.paths[0]) || !strings.Contains(out.String(), noDifference)) {
			t.Errorf("%v: %v\n%s", c.paths, err, &out)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %v, want %q", c.paths, err, c.want)
		}
	}
	empty := write("empty", func(rec *record) { rec.Results = nil })
	if err := compare([]string{before, empty}, &out); err == nil {
		t.Error("runs without anything in common are compared")
	}
}

// The commands that bench/README.md tells people to copy must be ones that are understood,
// and what it says of paths and units must be all there is.
func TestReadmeCommands(t *testing.T) {
	old, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chdir("../.."); err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(old)
	text := readText(t, "bench/README.md")
	commands := 0
	for _, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "  #")
		_, arguments, ok := strings.Cut(line, "go run ./bench/spawnbench")
		words := strings.Fields(arguments)
		if !ok || len(words) == 0 || words[0] == "-h" {
			continue
		}
		commands++
		if words[0] == compareCommand {
			if len(words) != 3 {
				t.Errorf("%q compares %d files", line, len(words)-1)
			}
			continue
		}
		if _, err := parseFlags(words, new(bytes.Buffer)); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
	if commands < 8 {
		t.Errorf("%d commands found", commands)
	}
	for _, p := range allPaths {
		if !strings.Contains(text, "`"+p.name+"`") {
			t.Errorf("bench/README.md does not explain the path %s", p.name)
		}
	}
	for _, unit := range units {
		if !strings.Contains(text, "`"+unit+"`") {
			t.Errorf("bench/README.md does not explain the unit %s", unit)
		}
	}
	for _, sc := range allScenarios {
		if !strings.Contains(text, "`"+sc.name+"`") {
			t.Errorf("bench/README.md does not explain the scenario %s", sc.name)
		}
	}
}
