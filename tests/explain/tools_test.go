// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package explain

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
)

// file writes DIR/name in the set-up of a case.
func file(name, text string, mode os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "DIR", dir)), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
}

// changed is /bin/true with some bytes replaced.
func changed(name string, change func(b []byte) []byte) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		b, err := os.ReadFile("/bin/true")
		if err != nil {
			t.Skip(err)
		}
		file(name, string(change(b)), 0o755)(t, dir)
	}
}

func withoutLoader(b []byte) []byte {
	i := bytes.Index(b, []byte("/ld-"))
	if i < 0 {
		i = bytes.Index(b, []byte("/ld6"))
	}
	b[i+1] = 'X'
	return b
}

// directoryLoader asks for /etc in place of its loader.
func directoryLoader(b []byte) []byte {
	i := bytes.Index(b, []byte("/ld"))
	begin, end := bytes.LastIndexByte(b[:i], 0)+1, i+bytes.IndexByte(b[i:], 0)
	clear(b[begin:end])
	copy(b[begin:end], "/etc")
	return b
}

func both(list ...func(*testing.T, string)) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		for _, f := range list {
			f(t, dir)
		}
	}
}

func folder(name string, mode os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(p, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
	}
}

func link(name, to string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.Symlink(strings.ReplaceAll(to, "DIR", dir), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// noexec mounts a file system at DIR/mnt with a program on it.
func noexec(t *testing.T, dir string) {
	mnt := filepath.Join(dir, "mnt")
	folder("mnt", 0o755)(t, dir)
	if err := syscall.Mount("forkexec-test", mnt, "tmpfs", syscall.MS_NOEXEC, ""); err != nil {
		t.Skip("mount:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(mnt, syscall.MNT_DETACH) })
	file("mnt/program", "#!/bin/sh\n", 0o755)(t, dir)
}

// writer keeps DIR/program open for writing until the test ends.
func writer(t *testing.T, dir string) {
	f, err := os.OpenFile(filepath.Join(dir, "program"), os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	b, _ := os.ReadFile("/bin/true")
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
}

// cgroup makes a cgroup of version 2 and links it to DIR/cgroup.
func cgroup(files ...string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		for _, root := range []string{"/sys/fs/cgroup/unified", "/sys/fs/cgroup"} {
			if _, err := os.Stat(root + "/cgroup.controllers"); err != nil {
				continue
			}
			p := fmt.Sprintf("%s/forkexec-explain-%d", root, os.Getpid())
			if err := os.Mkdir(p, 0o755); err != nil {
				t.Skip(err)
			}
			t.Cleanup(func() { _ = os.Remove(p) })
			for _, f := range files {
				name, value, _ := strings.Cut(f, "=")
				if err := os.WriteFile(filepath.Join(p, name), []byte(value), 0); err != nil {
					t.Skip(err)
				}
			}
			link("cgroup", p)(t, dir)
			return
		}
		t.Skip("no cgroup version 2")
	}
}

// invalidCgroup is one beside a threaded one.
func invalidCgroup(t *testing.T, dir string) {
	cgroup()(t, dir)
	p, err := os.Readlink(dir + "/cgroup")
	must(err)
	for _, name := range []string{"/threaded", "/other"} {
		if err := os.Mkdir(p+name, 0o755); err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { _ = os.Remove(p + name) })
	}
	if err := os.WriteFile(p+"/threaded/cgroup.type", []byte("threaded"), 0); err != nil {
		t.Skip(err)
	}
	must(os.Remove(dir + "/cgroup"))
	link("cgroup", p+"/other")(t, dir)
}

// oldCgroup links a cgroup of version 1 to DIR/cgroup.
func oldCgroup(t *testing.T, dir string) {
	const p = "/sys/fs/cgroup/cpu"
	if _, err := os.Stat(p + "/tasks"); err != nil {
		t.Skip("no cgroup version 1")
	}
	link("cgroup", p)(t, dir)
}

// intoCgroup starts into DIR/cgroup.
func intoCgroup(dir string) (string, *attr) {
	fd, err := syscall.Open(dir+"/cgroup", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	must(err)
	return "/bin/true", &attr{Sys: &sysAttr{UseCgroupFD: true, CgroupFD: fd}}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func limit(which int, n uint64) func(string) {
	return func(string) { must(syscall.Setrlimit(which, &syscall.Rlimit{Cur: n, Max: n})) }
}

// full opens files until no descriptor is left.
func full(string) {
	must(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}))
	for {
		if _, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0); err != nil {
			return
		}
	}
}

func sysctl(name, value string) func(string) {
	return func(string) { must(os.WriteFile("/proc/sys/"+name, []byte(value), 0)) }
}

// dropBounding takes a capability out of the bounding set of all threads.
func dropBounding(number uintptr) func(string) {
	return func(string) {
		const prCapbsetDrop = 24
		_, _, errno := syscall.AllThreadsSyscall(syscall.SYS_PRCTL, prCapbsetDrop, number, 0)
		if errno == syscall.ENOTSUP { // cgo: this thread stays ours
			_, _, errno = syscall.Syscall(syscall.SYS_PRCTL, prCapbsetDrop, number, 0)
		}
		if errno != 0 {
			panic(errno)
		}
	}
}

// noUnshare has a seccomp filter answer EPERM to unshare(2).
func noUnshare(string) { install(refusal(uint32(syscall.SYS_UNSHARE), syscall.EPERM)) }

// install puts a filter on this thread.
func install(filter []forkexec.SockFilter) {
	program := struct {
		n uint16
		p *forkexec.SockFilter
	}{uint16(len(filter)), &filter[0]}
	const noNewPrivs, setSeccomp = 38, 22
	if _, _, errno := syscall.Syscall6(syscall.SYS_PRCTL, noNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
		panic(errno)
	}
	if _, _, errno := syscall.Syscall6(syscall.SYS_PRCTL, setSeccomp, 2, uintptr(unsafe.Pointer(&program)), 0, 0, 0); errno != 0 {
		panic(errno)
	}
}

// terminal opens a new pseudo terminal that nobody has yet; the master stays open.
func terminal() uintptr {
	master, err := syscall.Open("/dev/ptmx", syscall.O_RDWR|syscall.O_NOCTTY, 0)
	must(err)
	var zero, number int32
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(master), 0x40045431, uintptr(unsafe.Pointer(&zero))); errno != 0 {
		panic(errno)
	}
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(master), 0x80045430, uintptr(unsafe.Pointer(&number))); errno != 0 {
		panic(errno)
	}
	slave, err := syscall.Open(fmt.Sprintf("/dev/pts/%d", number), syscall.O_RDWR|syscall.O_NOCTTY, 0)
	must(err)
	return uintptr(slave)
}

// owned has another session make a terminal its own, and returns it.
func owned() uintptr {
	tty := terminal()
	_, err := syscall.ForkExec("/bin/sleep", []string{"sleep", "20"},
		&attr{Files: []uintptr{tty, tty, tty}, Sys: &sysAttr{Setsid: true, Setctty: true, Pdeathsig: syscall.SIGKILL}})
	must(err)
	return tty
}

// onTerminal puts a terminal on descriptor 0.
func onTerminal(open func() uintptr) func(string) {
	return func(string) { must(syscall.Dup3(int(open()), 0, 0)) }
}

func many(n int) []syscall.SysProcIDMap {
	list := make([]syscall.SysProcIDMap, n)
	for i := range list {
		list[i] = syscall.SysProcIDMap{ContainerID: 2 * i, HostID: 2 * i, Size: 1}
	}
	return list
}

func lines(option string, n int) string {
	var b strings.Builder
	for _, m := range many(n) {
		fmt.Fprintf(&b, "%s %d:%d:1 ", option, m.ContainerID, m.HostID)
	}
	return b.String()
}
