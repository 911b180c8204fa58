// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"debug/elf"
	"fmt"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
)

func init() { programs["spellings"] = spellings }

// A spelling is a way in which a start goes through a descriptor that its child does not
// keep. With CloseFDs it must come to what it comes to without.
type spelling struct{ path, dir, chroot string }

// A table is what the spellings are of, in the folder dir: descriptors of the program, of
// a folder with it, of the root directory and of the loader of ELF files.
type table struct {
	dir                           string
	program, folder, root, loader int
}

// spellings compares each of them, with and without CloseFDs, for some lists of Files, and
// prints how many there were and each difference.
// closeRange is close_range(2), the same number on all architectures.
const closeRange = 436

func spellings() int {
	t, err := newTable(os.Getenv("SPELLINGS_DIR"))
	if err != nil {
		fmt.Println("skip: ", err)
		return 0
	}
	for i := 0; i < 3; i++ { // what the kernel can do is learned from starts
		t.run(spelling{path: "/bin/true"}, []uintptr{0, 1, 2}, true)
	}
	n, differ := 0, 0
	lists := [][]uintptr{{0, 1, 2}, nil, {2, 0, 1}, {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2}, {^uintptr(0), 1, 2, 0, ^uintptr(0)}}
	_, _, old := syscall.Syscall(closeRange, math.MaxInt32, math.MaxInt32, 4) // CLOSE_RANGE_CLOEXEC
	for _, s := range t.list() {
		for _, files := range lists {
			if old != 0 && s.chroot != "" { // before Linux 5.11, CloseFDs needs /proc in the new root
				n++
				continue
			}
			without, with := t.run(s, files, false), t.run(s, files, true)
			if n++; without == with {
				continue
			}
			if differ++; differ%8 == 1 { // some of them
				fmt.Printf("path %q dir %q chroot %q Files %d: with CloseFDs %s, without %s\n", s.path, s.dir, s.chroot, files, with, without)
			}
		}
	}
	fmt.Println("compared:", n, "differ:", differ)
	return 0
}

// newTable opens what the spellings need, by high and low numbers.
func newTable(dir string) (*table, error) {
	t := &table{dir: dir}
	for _, f := range []struct {
		fd   *int
		name string
	}{{&t.program, "/bin/true"}, {&t.folder, "/bin"}, {&t.root, "/"}, {&t.loader, loaderOf("/bin/true")}} {
		fd, err := syscall.Open(f.name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		*f.fd = fd
	}
	return t, nil
}

func (t *table) run(s spelling, files []uintptr, closeFDs bool) string {
	sys := &syscall.SysProcAttr{Chroot: s.chroot}
	if s.chroot != "" && os.Getuid() != 0 {
		// An ordinary user may do it in a user namespace only, where there is one.
		sys.Cloneflags = syscall.CLONE_NEWUSER
	}
	attr := &syscall.ProcAttr{Dir: s.dir, Files: files, Sys: sys}
	p, err := forkexec.Start(context.Background(), s.path, []string{"x"}, attr, &forkexec.Options{CloseFDs: closeFDs})
	if err != nil {
		return err.Error()
	}
	st, err := p.Wait()
	return fmt.Sprint(st, err)
}

// list makes the spellings. Some come to no program, and their error must be the same.
func (t *table) list() (all []spelling) {
	add := func(paths ...string) {
		for _, p := range paths {
			all = append(all, spelling{path: t.numbers(p)})
		}
	}
	add("/proc/self/fd/%N", "//proc/self/fd/%N", "/./proc/self/fd/%N", "/../proc/self/fd/%N", "/proc/self//fd//%N", "/proc/self/fd/../fd/%N",
		"/proc/self/../self/fd/%N", "/proc/thread-self/fd/%N", "/proc/self/root/proc/self/fd/%N", "/dev/fd/%N", "//dev/fd/%N", "/dev/./fd/%N",
		"/dev/../proc/self/fd/%N", "/proc/self/fd/%N/", "/proc/self/fd/0%N", "/proc/self/fd/9999", "/proc/self/fd", "/proc/self/exe/%N")
	add("/proc/self/fd/%D/true", "/proc/self/fd/%R//bin/true", "/dev/fd/%R/proc/self/fd/%N",
		fmt.Sprint("/proc/", os.Getpid(), "/fd/%N"), "/proc/self/fd/%D")
	add(t.link("link", "/proc/self/fd/%N"), t.link("link2", "link"), t.link("folder", "/proc/self/fd")+"/%N", t.link("proc", "/proc")+"/self/fd/%N",
		t.link("root", "//proc/self/fd/%R")+"/bin/true")
	for interpreter, name := range map[string]string{t.numbers("/dev/fd/%N"): "script1", t.numbers("//proc/self/fd/%N"): "script2", t.dir + "/link": "script3",
		t.dir + "/script1": "script4", t.numbers("/proc/self/fd/%D/true"): "script5"} {
		add(t.script(name, interpreter))
	}
	if file := t.elf(); file != "" {
		add(file, t.script("script6", file))
	}
	for _, s := range []spelling{
		{path: "self/fd/%N", dir: "/proc"}, {path: "fd/%N", dir: "/proc/self"}, {path: "./fd/%N", dir: "/proc/self"}, {path: "fd/%N", dir: "/dev"},
		{path: "proc/self/fd/%N", dir: "/"}, {path: "%N", dir: "/proc/self/fd"}, {path: "%N", dir: "/dev/fd"}, {path: "link", dir: t.dir},
		{path: "folder/%N", dir: t.dir}, {path: "./%N", dir: t.dir + "/folder"}, {path: "script1", dir: t.dir}, {path: "../fd/%N", dir: "/proc/self/fd"},
		{path: "/proc/self/cwd/self/fd/%N", dir: "/proc"},
		{path: "/bin/true", dir: "//proc/self/fd/%D"}, {path: "true", dir: "/proc/self/fd/%D"}, {path: "true", dir: "//dev/fd/%D"},
		{path: "/bin/true", dir: t.link("dirlink", "/proc/self/fd/%D")}, {path: "true", dir: "/proc/self/fd/%R/bin"}, {path: "../%N", dir: "/proc/self/fd/%D"},
		{path: "/bin/true", dir: "/proc/self/fd/%N"}, // no folder
		{path: "/bin/true", chroot: "/proc/self/fd/%R"}, {path: "/bin/true", chroot: "//proc/self/fd/%R"}, {path: "/bin/true", chroot: t.link("rootlink", "/dev/fd/%R")},
		{path: "/self/fd/%N", chroot: "/proc"}, {path: "/fd/%N", chroot: "/proc/self"}, {path: "/%N", chroot: "/proc/self/fd"}, {path: "/fd/%N", chroot: "/dev"},
		{path: "true", chroot: "/proc/self/fd/%R", dir: "/bin"}, {path: "/true", chroot: "/proc/self/fd/%D"}, {path: "self/fd/%N", chroot: "/", dir: "/proc"},
	} {
		all = append(all, spelling{t.numbers(s.path), t.numbers(s.dir), t.numbers(s.chroot)})
	}
	return all
}

// numbers replaces %N, %D and %R by the descriptors of program, folder and root.
func (t *table) numbers(text string) string {
	return strings.NewReplacer("%N", fmt.Sprint(t.program), "%D", fmt.Sprint(t.folder), "%R", fmt.Sprint(t.root)).Replace(text)
}

// link makes a symbolic link in the table's folder, and returns its path.
func (t *table) link(name, to string) string {
	name = filepath.Join(t.dir, name)
	if err := os.Symlink(t.numbers(to), name); err != nil {
		panic(err)
	}
	return name
}

func (t *table) script(name, interpreter string) string {
	name = filepath.Join(t.dir, name)
	text := "#!" + interpreter + "\n"
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		panic(err)
	}
	return name
}

// loaderSegment finds the path of the loader in an ELF file.
func loaderSegment(name string) (offset int64, text string) {
	f, err := elf.Open(name)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			b := make([]byte, p.Filesz)
			if _, err := p.ReadAt(b, 0); err != nil {
				panic(err)
			}
			return int64(p.Off), strings.TrimRight(string(b), "\x00")
		}
	}
	return 0, ""
}

func loaderOf(name string) string {
	_, text := loaderSegment(name)
	if text == "" {
		return "/bin/true" // linked statically
	}
	return text
}

// elf copies a program and has its loader be a descriptor.
func (t *table) elf() string {
	at, old := loaderSegment("/bin/true")
	loader := fmt.Sprintf("//dev/fd/%d", t.loader)
	if len(old) < len(loader) {
		return ""
	}
	b, err := os.ReadFile("/bin/true")
	if err != nil {
		panic(err)
	}
	copy(b[at:], append([]byte(loader), make([]byte, len(old)-len(loader))...))
	name := filepath.Join(t.dir, "elf")
	if err := os.WriteFile(name, b, 0o755); err != nil {
		panic(err)
	}
	return name
}

func TestSpellings(t *testing.T) {
	needC(t)
	out := runProgram(t, "spellings", "SPELLINGS_DIR="+t.TempDir())
	if strings.HasPrefix(out, "skip: ") {
		t.Skip(out)
	}
	n, differ := 0, 0
	if _, err := fmt.Sscanf(out[strings.LastIndex(out, "compared:"):], "compared: %d differ: %d", &n, &differ); err != nil || n < 300 || differ > 0 {
		t.Errorf("%d of %d differ, some of them:\n%s", differ, n, out)
	}
}

func init() { programs["decoys"] = decoys }

// decoys starts the program of a descriptor again and again, with random Files that are
// all another program, so that whatever takes its number, or is taken for it, shows: the
// right program is true, the others are false.
func decoys() int {
	for i := 0; i < 3; i++ {
		p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, &forkexec.Options{CloseFDs: true})
		if err == nil {
			_, err = p.Wait()
		}
		if err != nil {
			fmt.Println(err)
			return 1
		}
	}
	const nDecoys, nRight = 4, 24
	open := func(name string, n int) (fds []uintptr) {
		for range n {
			fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
			if err != nil {
				panic(err)
			}
			fds = append(fds, uintptr(fd))
		}
		return fds
	}
	wrong, right := open("/bin/false", nDecoys), open("/bin/true", nRight)
	rnd := rand.New(rand.NewSource(1))
	spell := []string{"/proc/self/fd/%d", "//proc/self/fd/%d", "/dev/fd/%d", "/dev//fd/%d", "/proc/thread-self/fd/%d"}
	for i := range 1000 {
		target := right[rnd.Intn(1+rnd.Intn(len(right)))]
		files := make([]uintptr, rnd.Intn(int(target)+1)) // it is not in the list's range
		for j := range files {
			files[j] = wrong[rnd.Intn(len(wrong))]
			if rnd.Intn(8) == 0 {
				files[j] = ^uintptr(0)
			}
		}
		path := fmt.Sprintf(spell[rnd.Intn(len(spell))], target)
		p, err := forkexec.Start(context.Background(), path, []string{"x"}, &syscall.ProcAttr{Files: files}, &forkexec.Options{CloseFDs: i%4 != 0})
		if err != nil {
			fmt.Printf("start %d, %s with Files %v: %v\n", i, path, files, err)
			continue
		}
		if st, err := p.Wait(); err != nil || !st.Success() {
			fmt.Printf("start %d, %s with Files %v: %v %v: another program ran\n", i, path, files, st, err)
		}
	}
	return 0
}

func TestDecoys(t *testing.T) {
	needC(t)
	if out := runProgram(t, "decoys"); out != "" {
		lines := strings.SplitAfter(out, "\n")
		t.Errorf("%d of 1000 starts went wrong, another program ran in %d of them; the first:\n%s", len(lines)-1,
			strings.Count(out, "another program ran"), strings.Join(lines[:min(len(lines), 10)], ""))
	}
}
