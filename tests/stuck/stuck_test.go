// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Package stuck asks: if a child cannot come to its execve, does everybody else go on,
// and does the start end when it is told to?
//
// Each cause is combined with each way to start. FORKEXEC=stdlib shows what the standard
// library makes of the same; docs/failures.md has the commands.
package stuck

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

var only = flag.String("stuck.only", "", "of what shall go on, check only this")

// patience is for how long the victim may be silent.
const patience = 10 * time.Second

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(orderVar) != "":
		os.Exit(victim())
	case os.Getenv(showVar) != "":
		os.Exit(show())
	case os.Getenv(stormVar) != "":
		os.Exit(storm())
	case os.Getenv(errnoVar) != "":
		os.Exit(failures())
	case edges[os.Getenv(edgeVar)] != nil:
		os.Exit(edge())
	}
	os.Exit(m.Run())
}

// A trap catches the child of a victim.
type trap struct {
	order
	catch    func(v *process) // returns once the child is stuck
	release  func(v *process) // lets it go
	killable bool             // SIGKILL ends it without release
	runs     bool             // a released child comes to its program
}

// causes are why a child is stuck; each makes a trap or skips.
var causes = []struct {
	name string
	make func(t *testing.T) *trap
}{
	{"frozen cgroup v2", frozenV2},
	{"frozen cgroup v1", frozenV1},
	{"Dir on dead FUSE", func(t *testing.T) *trap { return hung(t, false, false) }},
	{"Dir on hung FUSE", func(t *testing.T) *trap { return hung(t, true, false) }},
	{"program on hung FUSE", func(t *testing.T) *trap { return hung(t, true, true) }},
	{"SIGSTOP by the child's user", stoppedByUser},
	{"SIGSTOP", stopped},
	{"held by seccomp", held},
}

func hung(t *testing.T, served, program bool) *trap {
	f := mountHung(t, served)
	tr := &trap{order: order{Path: "/bin/true", Dir: f.dir + "/x"}, killable: !served}
	if program {
		tr.Path, tr.Dir = f.dir+"/x", ""
	}
	tr.catch = func(v *process) {
		if tr.Way != withoutAttr || program { // else it may be the parent that looks at Dir
			v.child()
		} else if !served {
			time.Sleep(100 * time.Millisecond)
		}
		if served {
			v.caught(f)
		}
	}
	tr.release = func(*process) { f.abort() }
	return tr
}

func frozenV2(t *testing.T) *trap {
	dir := makeCgroup(t, "cgroup2", "")
	writeFile(t, dir+"/cgroup.freeze", "1")
	return &trap{
		order:    order{Path: "/bin/true", Cgroup: dir},
		catch:    func(v *process) { v.child() },
		release:  func(*process) { writeFile(t, dir+"/cgroup.freeze", "0") },
		killable: true, runs: true,
	}
}

// frozenV1 freezes the child while it looks into its directory: there is no other way to
// catch it, as no start goes into a cgroup of version 1.
func frozenV1(t *testing.T) *trap {
	dir := makeCgroup(t, "cgroup", "freezer")
	f := mountHung(t, true)
	t.Cleanup(func() { _ = os.WriteFile(dir+"/freezer.state", []byte("THAWED"), 0) })
	return &trap{
		order: order{Path: "/bin/true", Dir: f.dir + "/x"},
		catch: func(v *process) {
			r := v.caught(f)
			writeFile(t, dir+"/cgroup.procs", strconv.Itoa(v.child()))
			writeFile(t, dir+"/freezer.state", "FROZEN")
			f.found(r)
			for begin := time.Now(); readFile(dir+"/freezer.state") != "FROZEN"; {
				v.late(begin, "the child does not freeze")
			}
		},
		release: func(*process) { writeFile(t, dir+"/freezer.state", "THAWED") },
		runs:    true,
	}
}

// stoppedByUser is the attack on a daemon that starts programs as other users.
func stoppedByUser(t *testing.T) *trap {
	const uid = 65534
	if os.Getuid() != 0 {
		t.Skip("needs root, to start a program as another user")
	}
	f := mountHung(t, true)
	pid := 0
	signal := func(name string) {
		cmd := exec.Command("/bin/kill", name, strconv.Itoa(pid))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("kill as the child's user: %v %s", err, out) // it is dead if its start has ended
		}
	}
	return &trap{
		order: order{Path: "/bin/true", Dir: f.dir + "/x", UID: uid},
		catch: func(v *process) {
			r := v.caught(f)
			pid = v.child()
			signal("-STOP")
			f.found(r)
			v.waitState("T")
		},
		release:  func(*process) { signal("-CONT") },
		killable: true, runs: true,
	}
}

// held stops the child in a way that needs no privilege.
func held(*testing.T) *trap {
	return &trap{
		order:    order{Path: "/bin/true", Dir: "/", Hold: true},
		catch:    func(v *process) { v.expect("held") },
		release:  func(v *process) { v.say("go on") },
		killable: true, runs: true,
	}
}

// stopped is the attack by another process of the same user.
func stopped(t *testing.T) *trap {
	tr := held(t)
	pid := 0
	tr.catch = func(v *process) {
		v.expect("held")
		pid = v.child()
		_ = syscall.Kill(pid, syscall.SIGSTOP)
		v.waitState("T")
	}
	tr.release = func(v *process) {
		v.say("go on")
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
	return tr
}

func TestStuck(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	library := buildC(t)
	for _, c := range causes {
		t.Run(c.name, func(t *testing.T) {
			c.make(t) // skips here, and once
			for way := range ways {
				if suits(c.name, way) {
					t.Run(way, func(t *testing.T) { c.make(t).run(t, self, way, endable(way)) })
				}
			}
			if library != "" && suits(c.name, "C") {
				t.Run("C spawn", func(t *testing.T) { c.make(t).run(t, library, "spawn", false) })
				t.Run("C finish", func(t *testing.T) { c.make(t).run(t, library, "finish", true) })
			}
		})
	}
}

// TestOnlyVfork has a sandbox in which the start itself stands still until the execve, and
// all-threads set*id with it. ForkLock must be let go all the same.
func TestOnlyVfork(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tr := held(t)
	tr.Way, tr.Vfork = "ForkExec", true
	v := startVictim(t, self, &tr.order)
	defer v.end(func() {})
	v.expect("started")
	v.expect("held")
	for _, what := range []string{"garbage collection", "ForkLock", "os/exec", "go/exec"} {
		v.say("check " + what)
		v.expect("check " + what)
		v.expect("<nil>")
		v.expect("checked")
	}
	tr.release(v)
	v.say("result")
	v.expect("result: <nil>")
}

// buildC returns the victim that uses the C library; "" where it is not to be tested.
func buildC(t *testing.T) string {
	sources, _ := filepath.Glob("../../c/*.c")
	switch {
	case len(sources) == 0:
		t.Log("C is left out: its sources are not here")
		return ""
	case forkexec.Implementation() == "stdlib":
		t.Log("C is left out: with the standard library (FORKEXEC=stdlib) this is about Go")
		return ""
	}
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	program := filepath.Join(t.TempDir(), "victim")
	args := append([]string{"-std=gnu11", "-I../../include", "-o", program, "testdata/victim.c"}, sources...)
	if out, err := exec.Command(cc, append(args, "-lpthread")...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cc, err, out)
	}
	return program
}

// suits tells whether cause and way can be combined.
func suits(cause, way string) bool {
	ofThread := cause == "SIGSTOP" || cause == "held by seccomp" // the caller's
	switch way {
	case withoutAttr:
		return !strings.HasPrefix(cause, "frozen") && cause != "SIGSTOP by the child's user" // what SysProcAttr asks for
	case "Start in a user namespace":
		return !ofThread && cause != "SIGSTOP by the child's user" // it has no such user
	case "Start with PdeathsigProcess":
		return !ofThread
	case "C":
		return !ofThread // tests/unit/test_wait.c holds children
	}
	return true
}

func (tr *trap) run(t *testing.T, program, way string, endable bool) {
	tr.Way = way
	v := startVictim(t, program, &tr.order)
	released := false
	release := func() {
		if !released {
			released = true
			tr.release(v)
		}
	}
	defer v.end(release)
	v.expect("started")
	tr.catch(v)
	v.say("check " + *only)
	for what := v.line(); what != "checked"; what = v.line() {
		if result := v.line(); result != "<nil>" {
			t.Errorf("%s: %s", what, result)
		}
	}
	if endable {
		v.say("end")
		v.expectResult("canceled", "timed out")
		if tr.killable {
			v.say("clean")
			v.expect("clean: <nil>")
		}
		release()
	} else {
		time.Sleep(150 * time.Millisecond) // longer than one slice of the core's wait
		release()
		v.say("result")
		if tr.runs {
			v.expectResult("<nil>")
		} else {
			v.expectResult("connection abort", "transport endpoint")
		}
	}
	v.say("clean")
	v.expect("clean: <nil>")
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0); err != nil {
		t.Fatal(err)
	}
}

func readFile(name string) string {
	b, _ := os.ReadFile(name)
	return strings.TrimSpace(string(b))
}

// A process is a victim, seen from outside.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
	last  string // line
}

func startVictim(t *testing.T, program string, o *order) *process {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	v := &process{t: t, lines: make(chan string, 100)}
	v.cmd = exec.Command(program, o.Way, o.Path, o.Dir, o.Cgroup, fmt.Sprint(o.UID))
	v.cmd.Env = append(os.Environ(), orderVar+"="+string(text), "LC_ALL=C")
	v.cmd.Stderr = os.Stderr
	v.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if v.in, err = v.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			v.lines <- s.Text()
		}
		close(v.lines)
	}()
	return v
}

// end ends the victim, if it stands still by force: its stuck child is let go first,
// or it could not be reaped.
func (v *process) end(release func()) {
	if v.t.Failed() {
		_ = syscall.Kill(-v.cmd.Process.Pid, syscall.SIGKILL) // with all its children
	}
	release()
	_ = v.in.Close()
	if err := v.cmd.Wait(); err != nil && !v.t.Failed() {
		v.t.Error(err)
	}
}

func (v *process) say(line string) { _, _ = io.WriteString(v.in, line+"\n") }

// line returns the victim's next line.
func (v *process) line() string {
	v.t.Helper()
	select {
	case line, ok := <-v.lines:
		if !ok {
			v.t.Fatal("the program has ended")
		}
		if reason, ok := strings.CutPrefix(line, "skip: "); ok {
			v.t.Skip(reason)
		}
		v.last = line
		return line
	case <-time.After(patience):
		v.t.Fatalf("the program stands still, after %q", v.last)
	}
	return ""
}

func (v *process) expect(want string) {
	v.t.Helper()
	if line := v.line(); line != want {
		v.t.Fatalf("%q, want %q", line, want)
	}
}

func (v *process) expectResult(contains ...string) {
	v.t.Helper()
	line := strings.ToLower(v.line())
	for _, s := range contains {
		if strings.HasPrefix(line, "result: ") && strings.Contains(line, s) {
			return
		}
	}
	v.t.Errorf("%q, want a result with one of %q", line, contains)
}

// late fails the test after a while, else it sleeps a little.
func (v *process) late(begin time.Time, what string) {
	v.t.Helper()
	if time.Since(begin) > patience {
		v.t.Fatal(what)
	}
	time.Sleep(2 * time.Millisecond)
}

// caught waits for the lookup that the victim's child hangs in.
func (v *process) caught(f *hungFS) fuseRequest {
	v.t.Helper()
	select {
	case r := <-f.lookups:
		return r
	case <-time.After(patience):
		v.t.Fatal("the child does not look into its directory")
	}
	return fuseRequest{}
}

// child returns the victim's child, waiting for it to be made.
func (v *process) child() int {
	v.t.Helper()
	for begin := time.Now(); ; v.late(begin, "the victim makes no child") {
		if pid := v.findChild(); pid != 0 {
			return pid
		}
	}
}

func (v *process) findChild() int {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		if ppid, _ := stat(file); ppid == v.cmd.Process.Pid {
			pid, _ := strconv.Atoi(strings.Split(file, "/")[2])
			return pid
		}
	}
	return 0
}

// stat returns the parent and the state in a file /proc/PID/stat.
func stat(file string) (ppid int, state string) {
	text := readFile(file)
	f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(f) < 2 {
		return 0, ""
	}
	ppid, _ = strconv.Atoi(f[1])
	return ppid, f[0]
}

func (v *process) waitState(want string) {
	v.t.Helper()
	for begin := time.Now(); ; v.late(begin, "the child does not come to state "+want) {
		if _, state := stat(fmt.Sprintf("/proc/%d/stat", v.child())); state == want {
			return
		}
	}
}
