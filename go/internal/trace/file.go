// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package trace

import (
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe" // also for linkname
)

// This file becomes one of package syscall in programs made with forkexec-overlay, where
// "syscall." is left out: it may import nothing that imports that, and its names begin with
// trace.

// traceMaxSize is where a file ends: about 200,000 starts. When somebody has made it smaller it
// grows again.
const traceMaxSize = 64 << 20

// A traceFile appends lines. It is written by raw system calls: nothing here may wait for a
// reader, so neither the poller nor a lock is in the way of a line.
type traceFile struct {
	name string // as it was given
	open atomic.Pointer[traceOpened]
	mu   sync.Mutex // for what follows
	path string     // absolute; "": not prepared, or refused
	told map[string]bool
}

// traceOpened is a descriptor, and whose it is: a program that closes descriptors by number, as
// daemons do, may have given ours to another file.
type traceOpened struct {
	fd       int
	dev, ino uint64
	torn     atomic.Bool // our last line was written in part: the next one must not be glued to it
}

func (f *traceFile) write(line []byte) {
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
	regular := st.Mode&syscall.S_IFMT == syscall.S_IFREG
	if limit := traceSizeLimit(); regular && st.Size+int64(len(line)) > limit {
		f.tell("size", "has "+string(traceInt(nil, limit>>10))+" KiB, and gets no more lines until somebody empties it")
		return
	}
	if o.torn.Load() {
		line = append([]byte("\n"), line...)
	}
	n, err := syscall.Write(o.fd, line)
	for err == syscall.EINTR {
		n, err = syscall.Write(o.fd, line)
	}
	switch {
	case err != nil:
		f.cannotWrite(err)
	case n < len(line): // the next line at least shall be one
		_, err = syscall.Write(o.fd, []byte("\n"))
		o.torn.Store(err != nil)
		switch {
		case err != nil: // the cause of both
		case regular:
			err = syscall.ENOSPC // by now there is some again
		default:
			err = syscall.EAGAIN
		}
		f.cannotWrite(err)
	default:
		o.torn.Store(false)
	}
}

func (f *traceFile) cannotWrite(err error) {
	f.tell(err.Error(), "cannot be written: "+err.Error()+"; lines are lost")
}

// traceSizeLimit is traceMaxSize, or less: to write beyond RLIMIT_FSIZE would end the program by SIGXFSZ.
// Others may append at the same time, hence the margin.
func traceSizeLimit() int64 {
	const margin = 64 << 10
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_FSIZE, &r) == nil && r.Cur < traceMaxSize+margin {
		return max(0, int64(r.Cur)-margin)
	}
	return traceMaxSize
}

// descriptor returns the open file, or nil. A FIFO that has had no reader may have one now.
func (f *traceFile) descriptor() *traceOpened {
	if o := f.open.Load(); o != nil {
		return o
	}
	f.mu.Lock()
	o, problem := f.open.Load(), ""
	if o == nil {
		problem = f.prepare()
	}
	if o == nil && f.path != "" {
		if o, problem = traceOpen(f.path); o != nil {
			f.open.Store(o)
		}
	}
	f.mu.Unlock()
	if problem != "" {
		f.tell(problem, problem)
	}
	return o
}

func traceOpen(path string) (*traceOpened, string) {
	fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_APPEND|syscall.O_CREAT|syscall.O_NONBLOCK|syscall.O_NOCTTY|
		syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, traceWhyNot(path, err)
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
	o := &traceOpened{fd: fd, dev: uint64(st.Dev), ino: st.Ino}
	o.torn.Store(st.Mode&syscall.S_IFMT == syscall.S_IFREG && traceEndsTorn(path))
	return o, ""
}

// traceEndsTorn reports whether a file, if it can be read, ends within a line, as a full disk leaves it. One
// that another process is writing ends within 10 ms; if not, there is an empty line after that.
func traceEndsTorn(path string) bool {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer syscall.Close(fd)
	for tries := 0; tries < 10; tries++ {
		var last [1]byte
		end, err := syscall.Seek(fd, -1, 2) // SEEK_END; fails if it is empty
		if err != nil {
			return false
		}
		if n, err := syscall.Pread(fd, last[:], end); err != nil || n == 0 || last[0] == '\n' {
			return false
		}
		pause := syscall.NsecToTimespec(1e6)
		_ = syscall.Nanosleep(&pause, nil)
	}
	return true
}

// traceWhyNot says why a file cannot be opened.
func traceWhyNot(path string, err error) string {
	var st syscall.Stat_t
	if err == syscall.ENXIO && syscall.Stat(path, &st) == nil {
		switch st.Mode & syscall.S_IFMT {
		case syscall.S_IFIFO:
			return "is a FIFO without a reader; lines are lost"
		case syscall.S_IFSOCK:
			return "is a socket, which cannot be opened; lines are lost"
		}
	}
	return "cannot be opened: " + err.Error()
}

// prepare makes the path absolute, as the working directory may change. It refuses in a
// program that has more privilege than who has set its environment.
func (f *traceFile) prepare() (problem string) {
	if f.path != "" {
		return ""
	}
	if traceIsSecure() {
		return "is not written: this program is set-user-ID or the like, or its kind cannot be told"
	}
	path := f.name
	if path[0] != '/' {
		here, err := syscall.Getwd()
		if err != nil {
			return "cannot be found: " + err.Error()
		}
		path = here + "/" + path
	}
	f.path = path
	return ""
}

//go:linkname traceGetAuxv runtime.getAuxv
func traceGetAuxv() []uintptr

// traceIsSecure is what the kernel says to the dynamic loader.
func traceIsSecure() bool {
	const atSecure = 23
	v := traceGetAuxv()
	for i := 0; i+1 < len(v); i += 2 {
		if v[i] == atSecure {
			return v[i+1] != 0
		}
	}
	return true
}

// tell says something once for each cause, if standard error takes it at once.
func (f *traceFile) tell(cause, what string) {
	f.mu.Lock()
	first := !f.told[cause]
	if f.told == nil {
		f.told = map[string]bool{}
	}
	f.told[cause] = true
	f.mu.Unlock()
	if first && traceWritable(2) {
		_, _ = syscall.Write(2, []byte("forkexec: FORKEXEC=trace: "+f.name+" "+what+"\n"))
	}
}

// traceWritable reports whether a write to a descriptor would not wait.
func traceWritable(fd int32) bool {
	p := struct {
		fd              int32
		events, revents int16
	}{fd, 4 /* POLLOUT */, 0}
	var now syscall.Timespec
	n, _, _ := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&p)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return n == 1
}
