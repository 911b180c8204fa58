// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package stuck

import (
	"bytes"
	"encoding/binary"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"forkexec.example/forkexec/tests/internal/fuse"
)

// A hungFS is a FUSE file system whose server takes requests and does not answer them.
// Who has asked it cannot be killed until release or abort: a request that the server
// has read is waited for without end. One that nobody has read is given up by SIGKILL.
//
// Only this process has the server's descriptor. Should it die, the kernel ends the
// connection and everybody is let go.
type hungFS struct {
	fd      int
	dir     string
	lookups chan fuseRequest // those that wait for an answer
	// answers, if set, gives a lookup its answer instead.
	answers func(f *hungFS, r fuseRequest, name string)
}

// A fuseRequest is struct fuse_in_header without what nobody needs here.
type fuseRequest struct {
	opcode uint32
	unique uint64
	pid    uint32
}

// Opcodes of linux/fuse.h.
const (
	fuseLookup      = 1
	fuseForget      = 2
	fuseGetattr     = 3
	fuseInit        = 26
	fuseInterrupt   = 36
	fuseBatchForget = 42
)

// mountHung mounts one; without served not even its first request is read.
func mountHung(t *testing.T, served bool) *hungFS {
	t.Helper()
	return mount(t, served, nil)
}

func mount(t *testing.T, served bool, answers func(f *hungFS, r fuseRequest, name string)) *hungFS {
	t.Helper()
	dir, err := os.MkdirTemp("", "stuck-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // other users come here, too
		t.Fatal(err)
	}
	f := &hungFS{fd: fuse.Mount(t, dir), dir: dir, lookups: make(chan fuseRequest, 100), answers: answers}
	ended := make(chan struct{})
	if served {
		go func() {
			defer close(ended)
			f.serve()
		}()
	} else {
		close(ended)
	}
	t.Cleanup(func() {
		f.abort()
		<-ended
		syscall.Close(f.fd)
	})
	return f
}

// abort ends the connection: all that hang go on with an error.
func (f *hungFS) abort() { fuse.Abort(f.dir) }

func (f *hungFS) serve() {
	buf := make([]byte, 256<<10)
	for {
		n, err := syscall.Read(f.fd, buf)
		if err == syscall.EINTR || err == syscall.ENOENT {
			continue
		}
		if err != nil || n < 40 {
			return // aborted
		}
		r := fuseRequest{
			binary.NativeEndian.Uint32(buf[4:]),
			binary.NativeEndian.Uint64(buf[8:]),
			binary.NativeEndian.Uint32(buf[32:]),
		}
		switch r.opcode {
		case fuseInit:
			// fuse_init_out: version 7.31, everything else as small as allowed.
			f.answer(r, 0, []uint32{7, 31, 0, 0, 1<<16 | 1, 4096, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0})
		case fuseLookup:
			if f.answers != nil {
				name, _, _ := strings.Cut(string(buf[40:n]), "\x00")
				go f.answers(f, r, name)
				continue
			}
			f.lookups <- r
		case fuseGetattr:
			f.answer(r, 0, append([]uint32{3600, 0, 0, 0}, directory...))
		case fuseForget, fuseBatchForget, fuseInterrupt: // want no answer
		default:
			f.answer(r, syscall.ENOSYS, nil)
		}
	}
}

// directory is the struct fuse_attr of a directory.
var directory = func() []uint32 {
	a := make([]uint32, 22)
	a[0], a[15], a[16] = 1, syscall.S_IFDIR|0o755, 2 // ino, mode, nlink
	return a
}()

// found lets a lookup find a directory.
func (f *hungFS) found(r fuseRequest) {
	entry := make([]uint32, 10) // fuse_entry_out before the attributes
	entry[0] = 2                // nodeid
	f.answer(r, 0, append(entry, directory...))
}

func (f *hungFS) answer(r fuseRequest, errno syscall.Errno, body []uint32) {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.NativeEndian, struct {
		Len    uint32
		Err    int32
		Unique uint64
	}{uint32(16 + 4*len(body)), -int32(errno), r.unique})
	_ = binary.Write(&b, binary.NativeEndian, body)
	_, _, _ = syscall.Syscall(syscall.SYS_WRITE, uintptr(f.fd), uintptr(unsafe.Pointer(&b.Bytes()[0])), uintptr(b.Len()))
}
