// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// What the cases refer to: a tree of programs and folders that every user can
// reach, and open descriptors at fixed numbers, so that a case reads the same in
// every run. All are close-on-exec except fdInherited and fdReport, which children
// inherit without being told: the probe finds the report file by its content.

package differential

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// The open descriptors. They lie far below fdInherited, so that the numbers above
// the highest of a case, which a start may use in the child, are free.
const (
	fdRead   = 30 + iota // a file, for reading, at offset 5
	fdAppend             // a file, for appending
	fdPipeR
	fdPipeW
	fdSocket // a non-blocking socket
	fdNull
	fdPath   // a folder, O_PATH
	fdFolder // a folder, for reading
	fdBusy   // the program busy, for writing
	fdMaster // of a terminal, in cases that ask for one
	fdSlave
	fdCgroup // a cgroup of our own, if there can be one

	fdInherited = 60
	fdReport    = 90
	fdBad       = 250 // never open

	reportMagic = "forkexec-report\n"
)

type fixture struct {
	dir    string // all of it
	root   string // the tree; cases change root to it
	probe  string // root/probe
	cgroup string // path of the cgroup, or ""
	why    string // there is no cgroup
}

var fix *fixture

func newFixture() (*fixture, error) {
	for fd := 3; fd < 1024; fd++ { // what we were started with is no part of the cases
		syscall.CloseOnExec(fd)
	}
	dir, err := os.MkdirTemp("", "forkexec-differential-")
	if err != nil {
		return nil, err
	}
	f := &fixture{dir: dir, root: filepath.Join(dir, "root")}
	f.probe = f.in("probe")
	for _, d := range []string{f.dir, f.root, f.in("folder")} {
		_ = os.Mkdir(d, 0o755)
		if err := os.Chmod(d, 0o755); err != nil {
			return f, err
		}
	}
	if err := buildProbe(f.probe); err != nil {
		return f, err
	}
	if err := f.makeTree(); err != nil {
		return f, err
	}
	if err := f.openFiles(); err != nil {
		return f, err
	}
	f.why = f.makeCgroup()
	return f, nil
}

// in returns the path of a name in the tree.
func (f *fixture) in(name string) string { return filepath.Join(f.root, name) }

func (f *fixture) remove() {
	_ = os.Chmod(f.in("closed"), 0o700)
	_ = os.RemoveAll(f.dir)
	if f.cgroup != "" {
		_ = os.Remove(f.cgroup)
	}
}

func (f *fixture) makeTree() error {
	for _, p := range []struct {
		name string
		text string
		mode os.FileMode
	}{
		{"file", "0123456789", 0o644},
		{"log", "", 0o666},
		{"garbage", "neither a program nor a script", 0o755},
		{"empty", "", 0o755},
		{"truncated", "\x7fELF\x02\x01\x01", 0o755},
		{"plain", "#!" + f.probe + "\n", 0o644}, // not executable
		{"script", "#!" + f.probe + " one two\n", 0o755},
		{"nested", "#!" + f.in("script") + "\n", 0o755},
		{"endless", "#!" + f.in("endless") + "\n", 0o755},
		{"lost", "#!" + f.in("missing") + "\n", 0o755},
		{"silly", "#!" + f.in("folder") + "\n", 0o755},
		{"unreadable", "#!" + f.probe + "\n", 0o100}, // for others: not executable
	} {
		if err := os.WriteFile(f.in(p.name), []byte(p.text), p.mode); err != nil {
			return err
		}
		if err := os.Chmod(f.in(p.name), p.mode); err != nil {
			return err
		}
	}
	for _, p := range []string{"busy", "hidden", "folder/probe"} {
		if err := copyFile(f.probe, f.in(p)); err != nil {
			return err
		}
	}
	// hidden can be executed but not read, which makes the process non-dumpable.
	if err := os.Chmod(f.in("hidden"), 0o111); err != nil {
		return err
	}
	for _, l := range [][2]string{{"probe", "link"}, {"loop", "loop"}, {"missing", "dangling"}} {
		if err := os.Symlink(l[0], f.in(l[1])); err != nil {
			return err
		}
	}
	return os.Mkdir(f.in("closed"), 0)
}

// openFiles opens the descriptors. An inner process inherits some of them from the
// process that started it; they are replaced.
func (f *fixture) openFiles() error {
	var pipe, socket [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC); err != nil {
		return err
	}
	socket, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	for _, e := range []struct {
		number, fd int
		path       string
		flags      int
	}{
		{fdRead, -1, f.in("file"), syscall.O_RDONLY},
		{fdAppend, -1, f.in("log"), syscall.O_WRONLY | syscall.O_APPEND},
		{fdPipeR, pipe[0], "", 0},
		{fdPipeW, pipe[1], "", 0},
		{fdSocket, socket[0], "", 0},
		{fdNull, -1, "/dev/null", syscall.O_RDWR},
		{fdPath, -1, f.root, 0x200000 | syscall.O_DIRECTORY}, // O_PATH
		{fdFolder, -1, f.in("folder"), syscall.O_RDONLY | syscall.O_DIRECTORY},
		{fdBusy, -1, f.in("busy"), syscall.O_WRONLY},
		{fdInherited, -1, f.in("script"), syscall.O_RDONLY},
		{fdReport, -1, filepath.Join(f.dir, "report"), syscall.O_RDWR | syscall.O_CREAT},
	} {
		if e.path != "" {
			if e.fd, err = syscall.Open(e.path, e.flags|syscall.O_CLOEXEC, 0o600); err != nil {
				return fmt.Errorf("%s: %w", e.path, err)
			}
		}
		if err := moveTo(e.fd, e.number, e.number == fdInherited || e.number == fdReport); err != nil {
			return err
		}
	}
	if _, err := syscall.Seek(fdRead, 5, 0); err != nil {
		return err
	}
	_, err = syscall.Pwrite(fdReport, []byte(reportMagic), 0)
	return err
}

// moveTo gives a descriptor the number it has in the cases.
func moveTo(fd, number int, inherited bool) error {
	flags := syscall.O_CLOEXEC
	if inherited {
		flags = 0
	}
	if err := syscall.Dup3(fd, number, flags); err != nil {
		return fmt.Errorf("dup3 to %d: %w", number, err)
	}
	return syscall.Close(fd)
}

// makeCgroup makes a cgroup below our own and opens it, or says why not. It is
// never killed through cgroup.kill: that would kill its later children too.
func (f *fixture) makeCgroup() (why string) {
	mounts, _ := os.ReadFile("/proc/self/mounts")
	own, _ := os.ReadFile("/proc/self/cgroup")
	for _, line := range strings.Split(string(mounts), "\n") {
		fields := strings.Fields(line)
		_, rest, ok := strings.Cut("\n"+string(own), "\n0::")
		if len(fields) < 3 || fields[2] != "cgroup2" || !ok {
			continue
		}
		path, _, _ := strings.Cut(rest, "\n")
		dir := filepath.Join(fields[1], path, "forkexec-test-"+strconv.Itoa(os.Getpid()))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err.Error()
		}
		f.cgroup = dir
		fd, err := syscall.Open(dir, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
		if err == nil {
			err = moveTo(fd, fdCgroup, false)
		}
		if err != nil {
			return err.Error()
		}
		return ""
	}
	return "no cgroup v2 is mounted"
}

// openPty opens a new terminal on fdMaster and fdSlave. A terminal dies with the
// session that it controls, so every run needs its own.
func openPty() error {
	master, err := syscall.Open("/dev/ptmx", syscall.O_RDWR|syscall.O_NOCTTY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	var unlock, number int32
	for request, arg := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlock, syscall.TIOCGPTN: &number} {
		if _, _, e := syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(master), request, uintptr(unsafe.Pointer(arg))); e != 0 {
			return e
		}
	}
	slave, err := syscall.Open("/dev/pts/"+strconv.Itoa(int(number)), syscall.O_RDWR|syscall.O_NOCTTY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := moveTo(master, fdMaster, false); err != nil {
		return err
	}
	return moveTo(slave, fdSlave, false)
}

func closePty() {
	_ = syscall.Close(fdMaster)
	_ = syscall.Close(fdSlave)
}

func hasCapability(n uint) bool {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "CapEff:\t")
	text, _, _ := strings.Cut(rest, "\n")
	set, _ := strconv.ParseUint(text, 16, 64)
	return set>>n&1 == 1
}

// copySelf puts a copy of the test binary where every user can run it.
func (f *fixture) copySelf() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(f.dir, "differential.test")
	if err := exec.Command("/bin/cp", exe, path).Run(); err != nil {
		return "", err
	}
	return runnable(path, f.dir)
}
