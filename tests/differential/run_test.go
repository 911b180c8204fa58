// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// One case through one path: what the child says of itself, and what the start has
// left in the parent. Also the comparison of the outcomes of all paths.

package differential

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// A path is a way to start a process; the first is the reference.
type path struct {
	name     string
	forkExec func(argv0 string, argv []string, attr *syscall.ProcAttr) (pid int, err error)
}

var (
	reference = path{"syscall.ForkExec", syscall.ForkExec}
	ours      = []path{{"forkexec.ForkExec", forkexec.ForkExec}}
)

// The newest reference is followed; Go 1.22 does some things otherwise.
var go122 = strings.HasPrefix(runtime.Version(), "go1.22")

// restoresAlways: until Go 1.23 the original limit on descriptors goes back to children
// whatever somebody else has set meanwhile.
var restoresAlways = go122 || strings.HasPrefix(runtime.Version(), "go1.23")

// A spec is one case.
type spec struct {
	name    string
	argv0   string
	argv    []string
	attr    syscall.ProcAttr
	sys     syscall.SysProcAttr
	nilAttr bool // pass nil
	nilSys  bool // leave attr.Sys nil
	pidfd   bool // ask for a pidfd
	pty     bool // open a terminal for each run
	inTree  bool // the calling thread's root is the tree
	silent  bool // the program is not the probe, or cannot report

	undumpable bool // the parent is not dumpable when it starts the child
	company    bool // the parent has other children

	// known are beginnings of lines in which ours may differ, for a reason given
	// where it is set.
	known []string

	// thread changes the calling thread, which is a new one for each run and is
	// thrown away after it.
	thread []func() error
	// around prepares each run in the parent and returns what undoes it.
	around func() (undo func(), err error)
}

func newSpec() *spec {
	return &spec{
		argv0: fix.probe,
		argv:  []string{"probe"},
		attr:  syscall.ProcAttr{Env: []string{"A=1"}, Files: []uintptr{fdNull, fdNull, fdNull}},
	}
}

// finish makes what refers to the tree work after a change of root to it.
func (s *spec) finish() *spec {
	if s.inTree {
		// Without /proc ours forks where the reference shares memory (see
		// mods_thread_test.go), and only after a fork can this be unshared.
		s.sys.Unshareflags &^= syscall.CLONE_VM
	}
	if s.sys.Chroot == fix.root || s.inTree {
		for _, p := range []*string{&s.argv0, &s.attr.Dir} {
			if rest, ok := strings.CutPrefix(*p, fix.root); ok {
				*p = "/" + strings.TrimPrefix(rest, "/")
			}
		}
	}
	return s
}

const pidfdUntouched = -12345

// procAttr returns a copy that a path may be given, and the copy's PidFD.
func (s *spec) procAttr() (*syscall.ProcAttr, *int) {
	pidfd := pidfdUntouched
	if s.nilAttr {
		return nil, &pidfd
	}
	attr := s.attr
	if !s.nilSys {
		sys := s.sys
		if s.pidfd {
			sys.PidFD = &pidfd
		}
		attr.Sys = &sys
	}
	return &attr, &pidfd
}

// An outcome is all that can be seen of a run.
type outcome struct {
	lines  []string      // to be compared
	harm   []string      // what no path of ours may do
	err    error         // of the start
	took   time.Duration // all of it
	report bool          // the probe has reported
}

func (o *outcome) add(format string, args ...any) {
	o.lines = append(o.lines, fmt.Sprintf(format, args...))
}

func (o *outcome) harmed(format string, args ...any) {
	o.harm = append(o.harm, fmt.Sprintf(format, args...))
}

// run runs the case through a path, again if an emulator has hung.
func (s *spec) run(p path) (o outcome) {
	for range 4 {
		if o = s.runOnce(p); emulator == "" || o.took < caseTimeout {
			break
		}
		hangs[p.name]++
	}
	return o
}

func (s *spec) runOnce(p path) (o outcome) {
	if s.pty {
		if err := openPty(); err != nil {
			o.harmed("opening a terminal: %v", err)
			return o
		}
		defer closePty()
	}
	if len(s.thread) == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		return s.runHere(p, processNamespaces())
	}
	done := make(chan outcome)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for _, f := range s.thread {
			if err := f(); err != nil {
				done <- outcome{harm: []string{"setting up the thread: " + err.Error()}}
				return
			}
		}
		done <- s.runHere(p, readNamespaces())
	}()
	return <-done
}

func (s *spec) runHere(p path, own map[string]string) (o outcome) {
	if s.around != nil {
		undo, err := s.around()
		if err != nil {
			o.harmed("setting up: %v", err)
			return o
		}
		defer undo()
	}
	attr, pidfd := s.procAttr()
	clearReport()
	stop := watch(p.name + ": " + s.describe())
	before := lookAtParent(s)

	pid, err := p.forkExec(s.argv0, s.argv, attr)

	o.err = err
	if err != nil {
		o.add("error %T %v pid %d", err, err, pid)
	}
	o.observePidfd(*pidfd, pid)
	if err == nil {
		o.observeChild(pid, own)
	}
	o.observeParent(s, before)
	if !s.nilAttr && !s.nilSys {
		want, _ := s.procAttr()
		want.Sys.PidFD = attr.Sys.PidFD
		if !reflect.DeepEqual(attr, want) {
			o.harmed("the attributes were changed")
		}
	}
	if o.took = stop(); o.took > caseTimeout {
		o.harmed("took %v", o.took)
	}
	return o
}

// observeChild waits for the child and reads its report.
func (o *outcome) observeChild(pid int, own map[string]string) {
	if pid <= 1 {
		o.harmed("success with pid %d", pid)
		return
	}
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(pid, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			o.add("wait %v", err) // ECHILD: SIGCHLD is ignored
			break
		}
		if !status.Stopped() {
			o.add("wait %#x", int(status))
			break
		}
		o.add("stopped %#x", int(status))
		if err := syscall.PtraceDetach(pid); err != nil {
			o.add("detach %v", err)
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	lines := readReport(own)
	o.report = len(lines) > 0
	o.lines = append(o.lines, lines...)
}

// compare runs the case through all paths and reports what differs. It returns the
// reference's outcome.
func compare(r reporter, s *spec) outcome {
	s.finish()
	want := s.run(reference)
	if h := want.unexpected(s); h != "" {
		r.Errorf("%s: %s: %s\n%s", s.name, reference.name, h, s.describe())
	}
	for _, p := range ours {
		got := s.run(p)
		diff := s.disagreement(&want, &got)
		if len(diff) == 0 {
			continue
		}
		again := 0
		for i := 0; i < 3 && got.took < caseTimeout; i++ {
			first, second := s.run(reference), s.run(p)
			if len(s.disagreement(&first, &second)) > 0 {
				again++
			}
		}
		r.Errorf("%s: %s differs (and %d times of 3 when repeated; - reference, + ours)\n\t%s\n%s",
			s.name, p.name, again, strings.Join(diff, "\n\t"), s.describe())
	}
	return want
}

// disagreement returns what is wrong with an outcome of ours. Where the standard
// library does our starts, it may harm the parent as it does in the reference.
func (s *spec) disagreement(want, got *outcome) []string {
	diff := difference(want.lines, got.lines)
	known := s.known
	if go122 && want.err != nil {
		known = append(known[:len(known):len(known)], "pidfd ") // it leaves it open
	}
	for _, k := range known {
		diff = slices.DeleteFunc(diff, func(d string) bool { return strings.HasPrefix(d[2:], k) })
	}
	if forkexec.Implementation() == "stdlib" {
		return append(diff, difference(want.harm, got.harm)...)
	}
	return append(diff, got.harm...)
}

// unexpected says what is wrong with the test itself: the reference may leak, but a
// case whose child cannot report compares nothing.
func (o *outcome) unexpected(s *spec) string {
	for _, h := range o.harm {
		if strings.HasPrefix(h, "setting up") || strings.HasPrefix(h, "opening") || strings.HasPrefix(h, "took") {
			return h
		}
	}
	if o.err == nil && !o.report && !s.silent {
		return "the child did not report: " + strings.Join(o.lines, "; ")
	}
	return ""
}

// difference returns the lines that only one has, marked - and +.
func difference(want, got []string) (diff []string) {
	in := func(lines []string) map[string]int {
		m := map[string]int{}
		for _, l := range lines {
			m[l]++
		}
		return m
	}
	w, g := in(want), in(got)
	for _, l := range want {
		if g[l] < w[l] {
			diff = append(diff, "- "+l)
		}
	}
	for _, l := range got {
		if w[l] < g[l] {
			diff = append(diff, "+ "+l)
		}
	}
	return diff
}

// describe writes the case as Go literals, without the fields that are zero.
func (s *spec) describe() string {
	text := fmt.Sprintf("%s: argv0=%.200q argv=%s Files=%v Dir=%.200q Env=%s", s.name, s.argv0, short(s.argv), s.attr.Files, s.attr.Dir, short(s.attr.Env))
	if len(s.thread) > 0 {
		text += fmt.Sprintf(" (thread with %d changes)", len(s.thread))
	}
	if s.nilAttr || s.nilSys {
		return text + " Sys or attr: nil"
	}
	text += " Sys: {"
	fields := reflect.ValueOf(s.sys)
	for i := 0; i < fields.NumField(); i++ {
		f := fields.Field(i)
		if f.IsZero() {
			continue
		}
		name := fields.Type().Field(i).Name
		if f.Kind() == reflect.Pointer {
			f = f.Elem()
		}
		format := "%s: %.300q, "
		if f.Kind() != reflect.String {
			format = "%s: %#v, "
		}
		text += fmt.Sprintf(format, name, f.Interface())
	}
	if s.pidfd {
		text += "PidFD: new(int)"
	}
	if text += "}"; len(text) > 3000 {
		text = text[:3000] + "…"
	}
	return text
}

func short(list []string) string {
	if len(list) > 8 {
		return fmt.Sprintf("%.40q… (%d strings)", list[:8], len(list))
	}
	if list == nil {
		return "nil"
	}
	return fmt.Sprintf("%.40q", list)
}
