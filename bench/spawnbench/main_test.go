// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMain makes the test program the Go worker, as main does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerCommand {
		fail(work(os.Args[2:]))
		return
	}
	os.Exit(m.Run())
}

var benchLine = regexp.MustCompile(`(?m)^BenchmarkSpawn/scenario=true/path=(\w+)-\d+\t3\t\d+ ns/op(\t\d+ B/op\t\d+ allocs/op)?$`)

// TestQuick runs the whole command. Which peers run depends on the machine;
// the standard library's paths must.
func TestQuick(t *testing.T) {
	dir := t.TempDir()
	bench, report := filepath.Join(dir, "bench"), filepath.Join(dir, "report.md")
	var stdout, stderr bytes.Buffer
	err := run([]string{"-quick", "-scenarios", "tiny,true", "-build", filepath.Join(dir, "build"),
		"-bench", bench, "-report", report}, &stdout, &stderr)
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	t.Logf("\n%s", &stdout)
	lines, err := os.ReadFile(bench)
	if err != nil {
		t.Fatal(err)
	}
	count := make(map[string]int)
	for _, match := range benchLine.FindAllSubmatch(lines, -1) {
		count[string(match[1])]++
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range allPaths {
		if !regexp.MustCompile(`(?m)^ *` + p.name + `\b`).MatchString(stdout.String()) {
			t.Errorf("the table says nothing of %s", p.name)
		}
		if !strings.Contains(string(text), "\n| "+p.name+" | ") {
			t.Errorf("the report says nothing of %s", p.name)
		}
		missing := strings.Contains(stdout.String(), "\n"+p.name+": not run")
		if p.host == goHost && missing {
			t.Errorf("%s did not run", p.name)
		}
		if want := 3; !missing && count[p.name] != want {
			t.Errorf("%d benchmark lines for %s, want %d", count[p.name], p.name, want)
		}
	}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{
		{"-rounds", "0"}, {"-n", "-1"}, {"-env", "-1"}, {"-paths", "x"}, {"-scenarios", "x"}, {"x"}, {"-x"},
	} {
		if _, err := parseFlags(args, new(bytes.Buffer)); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}

// Whatever goes wrong in a spawn must end the run with a reason.
func TestFailingProgram(t *testing.T) {
	b, err := newBuilder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	hosts := buildHosts(b, allPaths)
	for _, p := range allPaths {
		if err := hosts[p.host].err; err != nil {
			t.Logf("%s: %v", p.name, err)
			continue
		}
		for program, want := range map[string]string{"exit 3": "ended", "kill -9 $$": "ended|signal"} {
			w, err := startWorker(hosts[p.host].argv, []string{"/bin/sh", "-c", program}, os.Environ())
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.spawn(p.name, 1)
			if p.name == "osexec" || p.name == "exec" {
				want = "exit status|signal"
			}
			if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
				t.Errorf("%s: %s: %v", p.name, program, err)
			}
			w.kill()
		}
	}
}

// A worker that is given the descriptors of the protocol must not pass them
// on, and its programs must find 0, 1 and 2 open.
func TestDescriptors(t *testing.T) {
	b, err := newBuilder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	hosts := buildHosts(b, allPaths)
	const check = `test "$(readlink /proc/$$/fd/0 /proc/$$/fd/1)" = "/dev/null
/dev/null" && test -e /proc/$$/fd/2 && ! test -e /proc/$$/fd/3 && ! test -e /proc/$$/fd/4`
	for _, p := range allPaths {
		if hosts[p.host].err != nil {
			continue
		}
		w, err := startWorker(hosts[p.host].argv, []string{"/bin/sh", "-c", check}, os.Environ())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.spawn(p.name, 2); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		if err := w.stop(); err != nil {
			t.Errorf("%s: stop: %v", p.name, err)
		}
	}
}

func TestParseAnswer(t *testing.T) {
	b, err := parseAnswer("10 20 30 40 mallocs=8 bytes=100 later=1\n")
	if err != nil || fmt.Sprint(b.ns) != "[10 20 30 40]" || b.mallocs != 2 || b.bytes != 25 {
		t.Errorf("%+v, %v", b, err)
	}
	if b, err := parseAnswer("10\n"); err != nil || b.mallocs >= 0 {
		t.Errorf("%+v, %v", b, err)
	}
	if _, err := parseAnswer("10 x\n"); err == nil {
		t.Error("nonsense is accepted")
	}
}

// What a tool lacks is a row in the table, not the end of the run.
func TestMissingTools(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("CC", "")
	b, err := newBuilder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for h, built := range buildHosts(b, allPaths) {
		if (built.err == nil) != (h == goHost) {
			t.Errorf("%s: %v", h.name, built.err)
		}
	}
	if _, err := tinyProgram(b); err == nil {
		t.Error("tiny was built without a compiler")
	}
}
