// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"forkexec.example/forkexec/c"
)

// An arena holds all that a start passes to C in one piece of memory without Go
// pointers: request, result, pointer arrays, strings and the child's stack. So one
// pin is enough for cgo's rules, nothing is allocated per string, and memory and
// cached lines are used again by the next start.
type arena struct {
	mem  []uint64 // 8-aligned; the garbage collector does not look into it
	used uintptr  // bytes
	pin  runtime.Pinner
}

const (
	arenaFirst = 32 << 10 // bytes; a usual environment and the work memory
	arenaKeep  = 1 << 20  // larger ones are not pooled
)

var arenas = sync.Pool{New: func() any { return &arena{mem: make([]uint64, arenaFirst/8)} }}

func newArena(size uintptr) *arena {
	a := arenas.Get().(*arena)
	if size > uintptr(len(a.mem))*8 {
		n := uintptr(arenaFirst)
		for n < size {
			n *= 2
		}
		a.mem = make([]uint64, n/8)
	}
	a.used = 0
	a.pin.Pin(&a.mem[0])
	return a
}

// free gives the arena back. No child may use it any more.
func (a *arena) free() {
	a.pin.Unpin()
	if len(a.mem)*8 <= arenaKeep {
		arenas.Put(a)
	}
}

// alloc takes n bytes, aligned to 8.
func (a *arena) alloc(n uintptr) unsafe.Pointer {
	at := a.used
	a.used += (n + 7) &^ 7
	if a.used > uintptr(len(a.mem))*8 {
		panic("forkexec: arena size miscounted")
	}
	if at == uintptr(len(a.mem))*8 {
		at -= 8 // n is 0: any address will do
	}
	return unsafe.Add(unsafe.Pointer(&a.mem[0]), at)
}

func (a *arena) align16() {
	base := uintptr(unsafe.Pointer(&a.mem[0]))
	a.used = (base+a.used+15)&^15 - base
}

// nulError is what a string with a NUL byte in it, which C cannot hold, gives.
func nulError(what string) *Error {
	return &Error{Step: StepRequest, Errno: syscall.EINVAL, Object: what + " contains a NUL byte",
		hint: "Programs get their strings up to the first NUL byte, so that " + what + " would be cut off. Take the byte out."}
}

// str copies s with a final NUL. It returns 0 if s contains one.
func (a *arena) str(s string) uintptr {
	if strings.IndexByte(s, 0) >= 0 {
		return 0
	}
	p := a.alloc(uintptr(len(s)) + 1)
	b := unsafe.Slice((*byte)(p), len(s)+1)
	copy(b, s)
	b[len(s)] = 0
	return uintptr(p)
}

// strs copies a list, with a final null pointer.
func (a *arena) strs(list []string, what string) (uintptr, *Error) {
	p := a.alloc(uintptr(len(list)+1) * 8)
	ptrs := unsafe.Slice((*uintptr)(p), len(list)+1)
	for i, s := range list {
		if ptrs[i] = a.str(s); ptrs[i] == 0 {
			return 0, nulError(fmt.Sprintf("%s[%d]", what, i))
		}
	}
	ptrs[len(list)] = 0
	return uintptr(p), nil
}

// array returns room for n elements and its address, 0 for none.
func array[T any](a *arena, n int) ([]T, uintptr) {
	if n == 0 {
		return nil, 0
	}
	var t T
	p := a.alloc(uintptr(n) * unsafe.Sizeof(t))
	return unsafe.Slice((*T)(p), n), uintptr(p)
}

func stringsSize(list []string) uintptr {
	n := uintptr(len(list)+1) * 8
	for _, s := range list {
		n += (uintptr(len(s)) + 8) &^ 7
	}
	return n
}

// arenaSize is an upper bound of what a start needs apart from its work memory.
func arenaSize(argv0 string, argv []string, attr *syscall.ProcAttr, sys *syscall.SysProcAttr) uintptr {
	n := unsafe.Sizeof(c.Request{}) + unsafe.Sizeof(c.Result{})
	n += stringsSize(argv) + stringsSize(attr.Env)
	n += uintptr(len(argv0)+len(sys.Chroot)+len(attr.Dir)) + 3*8
	n += uintptr(len(attr.Files)) * 4
	n += uintptr(len(sys.UidMappings)+len(sys.GidMappings)) * unsafe.Sizeof(c.IDMap{})
	n += uintptr(len(sys.AmbientCaps)) * 8
	if sys.Credential != nil {
		n += uintptr(len(sys.Credential.Groups)) * 4
	}
	return n + 8*8 // what rounding up may add
}

// workBound is an upper bound of forkexec_work_size() for a request of this size;
// checked against it for each start.
func workBound(attr *syscall.ProcAttr, sys *syscall.SysProcAttr) uintptr {
	lines := min(len(sys.UidMappings), 341) + min(len(sys.GidMappings), 341)
	return 12<<10 + uintptr(len(attr.Files))*4 + uintptr(lines)*64
}

// narrow is what does not fit in the kernel's int as a number that never exists.
func narrow(v int) int32 {
	if int(int32(v)) != v {
		return -1 << 31
	}
	return int32(v)
}
