// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// buildDir is where the tests have the peers compiled, once for all of them.
var buildDir string

// TestMain makes the test program the Go worker, as main does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerCommand {
		fail(work(os.Args[2:]))
		return
	}
	var err error
	if buildDir, err = os.MkdirTemp("", "spawnbench-"); err != nil {
		fail(err)
	}
	code := m.Run()
	os.RemoveAll(buildDir)
	os.Exit(code)
}

// buildAll builds what starts the programs on all paths.
func buildAll(t *testing.T) map[*host]built {
	t.Helper()
	b, err := newBuilder(buildDir)
	if err != nil {
		t.Fatal(err)
	}
	return buildHosts(b, allPaths)
}

// startFor starts a worker for a path, ready for each of its paths.
func startFor(t *testing.T, hosts map[*host]built, p *path, program string) *worker {
	t.Helper()
	w, err := startWorker(hosts[p.host].argv, []string{"/bin/sh", "-c", program}, setup{env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	if p.host.conditions {
		if _, err := w.ask("set open 20"); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

var benchLine = regexp.MustCompile(`(?m)^BenchmarkSpawn/scenario=true/path=(\w+)-\d+\t3\t\d+ ns/op(\t[\d.e-]+ [\w/-]+)+$`)

// TestQuick runs the whole command: every scenario, every output. Which peers run, and
// which conditions there are, depends on the machine; the Go paths must.
func TestQuick(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	var stdout, stderr bytes.Buffer
	err := run([]string{"-quick", "-scenarios", "all", "-build", buildDir,
		"-bench", file("bench"), "-report", file("html"), "-json", file("json"), "-text", file("text"), "-csv", file("csv")}, &stdout, &stderr)
	t.Logf("\n%s%s", &stdout, &stderr)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(file("bench"))
	if err != nil {
		t.Fatal(err)
	}
	count := make(map[string]int)
	for _, match := range benchLine.FindAllSubmatch(lines, -1) {
		count[string(match[1])]++
	}
	rec, err := readRecord(file("json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range rec.at("true", 0).Series {
		if want := 3; s.Missing == "" && count[s.Path] != want {
			t.Errorf("%d benchmark lines for %s, want %d", count[s.Path], s.Path, want)
		}
	}
	checkSmoke(t, rec)

	// What is made of the record later must be what was made of it at once.
	for _, name := range []string{"bench", "html", "csv"} {
		var again bytes.Buffer
		if err := run([]string{"-from", file("json"), "-format", name}, &again, &stderr); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(file(name)); err != nil || !bytes.Equal(text, again.Bytes()) {
			t.Errorf("%s differs when made from the JSON (%v)", name, err)
		}
	}
	tables, _, _ := strings.Cut(stdout.String(), "text: "+dir)
	if !strings.HasPrefix(readText(t, file("text")), tables) || len(tables) < 1000 {
		t.Error("the printed tables are not those of -text")
	}
	lastLine := strings.TrimSpace(stdout.String()[strings.LastIndex(strings.TrimSpace(stdout.String()), "\n"):])
	if last := rec.Answers[len(rec.Answers)-1]; lastLine != last {
		t.Errorf("the run ends with %q, not with its answer %q", lastLine, last)
	}
	stdout.Reset()
	if err := compare([]string{file("json"), file("json")}, &stdout); err != nil || !strings.Contains(stdout.String(), "forkexec") {
		t.Errorf("compared with itself: %v\n%s", err, &stdout)
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkSmoke checks that all has run that needs nothing but this module and a compiler.
func checkSmoke(t *testing.T, rec *record) {
	for _, sc := range allScenarios {
		for _, point := range sc.points(true) {
			r := rec.at(sc.name, point)
			if r == nil {
				if !strings.HasPrefix(sc.name, "userns") && sc.name != "git" && sc.name != "slow" { // not to be had everywhere
					t.Errorf("%s at %d has not run", sc.name, point)
				}
				continue
			}
			for _, s := range r.Series {
				switch {
				case s.Missing != "" && slices.ContainsFunc(allPaths, func(p *path) bool { return p.name == s.Path && p.host == goHost }):
					t.Errorf("%s: %s did not run: %s", r.name(), s.Path, s.Missing)
				case s.Missing == "" && len(s.Rounds) != 3:
					t.Errorf("%s: %s has %d rounds, want 3", r.name(), s.Path, len(s.Rounds))
				}
			}
		}
	}
	// What the scenarios are there for.
	for _, c := range []struct {
		scenario   string
		point      int
		path, unit string
	}{
		{"tiny", 0, "forkexec", "allocs/op"}, {"parallel", 2, "syscall", "spawns/s"},
		{"tiny", 0, "floor", voluntary}, {"tiny", 0, "exec", involuntary}, {"tiny", 0, "exec", faults}, {"tiny", 0, "glibc", userTime},
		{"waiters", 100, "exec", "threads"}, {"waiters", 100, "osexec", "cpu-ms/s"},
	} {
		if v := inUnit(c.scenario, c.point, c.path, c.unit)(rec).value; !(v >= 0) {
			t.Errorf("%s at %d: no %s of %s", c.scenario, c.point, c.unit, c.path)
		}
	}
	if v := inUnit("waiters", 100, "osexec", "threads")(rec).value; v < 100 {
		t.Errorf("os/exec waits for 100 children with %v threads: they cannot all have been waited for", v)
	}
	if v := inUnit("slow", 0, "forkexec", "exec-ms")(rec).value; v < 200 { // false where it has not run
		t.Errorf("the slow exec took %v ms, at least 200 were to be waited", v)
	}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{
		{"-rounds", "-1"}, {"-n", "-1"}, {"-env", "-1"}, {"-paths", "x"}, {"-scenarios", "x"}, {"-scenarios", ""}, {"x"}, {"-x"},
		{"-format", "x"}, {"-setenv", "x", "--", "true"}, {"-setenv", "=x", "--", "true"}, {"-dir", "/"}, {"-stdin", "/dev/null", "--", "true"},
		{"-dir", "/missing", "--", "true"}, {"--", "/missing/program"}, {"-scenarios", "tiny", "--", "true"}, {"true", "--", "true"},
	} {
		if _, err := parseFlags(args, new(bytes.Buffer)); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}

// Whatever goes wrong in a spawn must end the run with a reason.
func TestFailingProgram(t *testing.T) {
	hosts := buildAll(t)
	for _, p := range allPaths {
		if err := hosts[p.host].err; err != nil {
			t.Logf("%s: %v", p.name, err)
			continue
		}
		for _, program := range []string{"exit 3", "kill -9 $$"} {
			w := startFor(t, hosts, p, program)
			_, err := w.spawn(p, 1, 1)
			if err == nil || !regexp.MustCompile("ended with|exit status 3|signal: killed").MatchString(err.Error()) {
				t.Errorf("%s: %s: %v", p.name, program, err)
			}
			w.kill()
		}
	}
}

// A worker that is given the descriptors of the protocol must not pass them
// on, and its programs must find 0, 1 and 2 open.
func TestDescriptors(t *testing.T) {
	hosts := buildAll(t)
	const check = `cd /proc/$$/fd && test -e 0 && test -e 1 && test -e 2 && ! test -e 3 && ! test -e 4 && ! test -e 19`
	for _, p := range allPaths {
		if hosts[p.host].err != nil {
			continue
		}
		program := check
		if !strings.HasSuffix(p.name, "_high") && !strings.HasSuffix(p.name, "_output") {
			program += ` && test "$(readlink 0)" = /dev/null && test "$(readlink /proc/$$/fd/1)" = /dev/null`
		}
		w := startFor(t, hosts, p, program)
		if _, err := w.spawn(p, 2, 1); err != nil {
			t.Errorf("%s: %v", p.name, err)
			w.kill()
		} else if err := w.stop(); err != nil {
			t.Errorf("%s: stop: %v", p.name, err)
		}
	}
}

// What a worker cannot do is no failure of the run, and leaves the worker well.
func TestCannot(t *testing.T) {
	hosts := buildAll(t)
	for _, p := range allPaths {
		if hosts[p.host].err != nil || !p.host.conditions {
			continue
		}
		w := startFor(t, hosts, p, ":")
		var reason cannot
		if _, err := w.ask("set nonsense 1"); !errors.As(err, &reason) || !strings.Contains(reason.Error(), "nonsense") {
			t.Errorf("%s: %v", p.name, err)
		}
		if _, err := w.spawn(p, 1, 1); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		if err := w.stop(); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
}

// Conditions must be what they are called.
func TestConditions(t *testing.T) {
	hosts := buildAll(t)
	for _, p := range allPaths {
		if hosts[p.host].err != nil || !p.host.conditions {
			continue
		}
		w := startFor(t, hosts, p, ":")
		resident := func() int {
			var size, pages int
			fmt.Sscan(readText(t, fmt.Sprintf("/proc/%d/statm", w.cmd.Process.Pid)), &size, &pages)
			return pages * os.Getpagesize() >> 20
		}
		before := resident()
		if _, err := w.ask("set touch 50"); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		if more := resident() - before; more < 45 || more > 80 {
			t.Errorf("%s: %d MB more after 50 were touched", p.name, more)
		}
		if _, err := w.ask("set open 300"); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.cmd.Process.Pid))
		if n := len(fds); err != nil || n < 300 || n > 310 {
			t.Errorf("%s: %d descriptors (%v), want 300", p.name, n, err)
		}
		w.kill()
	}
}

func TestParseAnswer(t *testing.T) {
	b, err := parseAnswer("10 20 30 40 allocs/op=2 spawns/s=25.5 later=1\n")
	if err != nil || fmt.Sprint(b.ns) != "[10 20 30 40]" || b.values["allocs/op"] != 2 || b.values["spawns/s"] != 25.5 {
		t.Errorf("%+v, %v", b, err)
	}
	if b, err := parseAnswer("\n"); err != nil || len(b.ns)+len(b.values) != 0 {
		t.Errorf("%+v, %v", b, err)
	}
	for _, line := range []string{"10 x", "1.5", "threads=", "threads=many", "=1 ="} {
		if b, err := parseAnswer(line); err == nil {
			t.Errorf("%q is accepted: %+v", line, b)
		}
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
