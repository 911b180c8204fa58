// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package trace

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	_ "unsafe" // for linkname

	"forkexec.example/forkexec/go/internal/settings"
)

// maxSize is where a file ends: about 200,000 starts. When somebody has made it smaller it
// grows again.
const maxSize = 64 << 20

// A file appends lines. It is written by raw system calls: nothing here may wait for a
// reader, so neither the poller nor a lock is in the way of a line.
type file struct {
	open atomic.Pointer[opened]
	mu   sync.Mutex // for what follows
	path string     // absolute; "": not prepared, or refused
	told map[string]bool
}

// opened is a descriptor, and whose it is: a program that closes descriptors by number, as
// daemons do, may have given ours to another file.
type opened struct {
	fd       int
	dev, ino uint64
}

var theFile file

func (f *file) write(line []byte) {
	o := f.descriptor()
	if o == nil {
		return
	}
	var st syscall.Stat_t
	if err := syscall.Fstat(o.fd, &st); err != nil || uint64(st.Dev) != o.dev || st.Ino != o.ino {
		f.open.CompareAndSwap(o, nil) // it is not ours to close
		if o = f.descriptor(); o == nil {
			return
		}
		if err := syscall.Fstat(o.fd, &st); err != nil {
			return
		}
	}
	if limit := sizeLimit(); st.Mode&syscall.S_IFMT == syscall.S_IFREG && st.Size+int64(len(line)) > limit {
		f.tell("has " + strconv.FormatInt(limit>>10, 10) + " KiB, and gets no more lines until somebody empties it")
		return
	}
	n, err := syscall.Write(o.fd, line)
	for err == syscall.EINTR {
		n, err = syscall.Write(o.fd, line)
	}
	switch {
	case err != nil:
		f.tell("cannot be written: " + err.Error() + "; lines are lost")
	case n < len(line):
		_, _ = syscall.Write(o.fd, []byte("\n")) // the next line at least shall be one
		f.tell("cannot be written in full; lines are lost")
	}
}

// sizeLimit is maxSize, or less: to write beyond RLIMIT_FSIZE would end the program by SIGXFSZ.
// Others may append at the same time, hence the margin.
func sizeLimit() int64 {
	const margin = 64 << 10
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_FSIZE, &r) == nil && r.Cur < maxSize+margin {
		return max(0, int64(r.Cur)-margin)
	}
	return maxSize
}

// descriptor returns the open file, or nil. A FIFO that has had no reader may have one now.
func (f *file) descriptor() *opened {
	if o := f.open.Load(); o != nil {
		return o
	}
	f.mu.Lock()
	o, problem := f.open.Load(), ""
	if o == nil {
		problem = f.prepare()
	}
	if o == nil && f.path != "" {
		if o, problem = open(f.path); o != nil {
			f.open.Store(o)
		}
	}
	f.mu.Unlock()
	if problem != "" {
		f.tell(problem)
	}
	return o
}

func open(path string) (*opened, string) {
	fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_APPEND|syscall.O_CREAT|syscall.O_NONBLOCK|syscall.O_NOCTTY|
		syscall.O_CLOEXEC, 0o600)
	if err == syscall.ENXIO {
		return nil, "is a FIFO without a reader; lines are lost"
	}
	if err != nil {
		return nil, "cannot be opened: " + err.Error()
	}
	// Above what programs give to their children by number.
	if high, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 100); errno == 0 {
		_ = syscall.Close(fd)
		fd = int(high)
	}
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		_ = syscall.Close(fd)
		return nil, "cannot be looked at: " + err.Error()
	}
	return &opened{fd, uint64(st.Dev), st.Ino}, ""
}

// prepare makes the path absolute, as the working directory may change. It refuses in a
// program that has more privilege than who has set its environment.
func (f *file) prepare() (problem string) {
	if f.path != "" {
		return ""
	}
	if isSecure() {
		return "is not written: this program is set-user-ID or the like"
	}
	path, err := filepath.Abs(settings.Get().Trace)
	if err != nil {
		return "cannot be found: " + err.Error()
	}
	f.path = path
	return ""
}

//go:linkname getAuxv runtime.getAuxv
func getAuxv() []uintptr

// isSecure is what the kernel says to the dynamic loader.
func isSecure() bool {
	const atSecure = 23
	v := getAuxv()
	for i := 0; i+1 < len(v); i += 2 {
		if v[i] == atSecure {
			return v[i+1] != 0
		}
	}
	return true
}

// tell says something once, if standard error takes it at once.
func (f *file) tell(what string) {
	f.mu.Lock()
	first := !f.told[what]
	if f.told == nil {
		f.told = map[string]bool{}
	}
	f.told[what] = true
	f.mu.Unlock()
	if first && writable(2) {
		_, _ = os.Stderr.WriteString("forkexec: FORKEXEC=trace: " + settings.Get().Trace + " " + what + "\n")
	}
}
