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
	mem []uint64 // the garbage collector does not look into it
	pin runtime.Pinner
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

// An emitter lays the parts of a start out one after the other, aligned to 8. Without memory
// it only counts: what is emitted twice, first so and then with memory of that size, fits, unless a
// caller changes it meanwhile.
type emitter struct {
	mem   unsafe.Pointer
	arena *arena // of mem
	size  uintptr
	used  uintptr
	fds   []int32 // the request's
	err   *Error  // the first string that C cannot hold

	trace *c.Trace
}

// room takes n bytes. It returns nil while counting. Beyond what was counted it gives the arena
// back and panics.
func (e *emitter) room(n uintptr) unsafe.Pointer {
	at := e.used
	e.used += (n + 7) &^ 7
	if e.mem == nil {
		return nil
	}
	if e.used > e.size {
		e.arena.free()
		panic("forkexec: argv, Env or another attribute was changed while the start was reading it")
	}
	return unsafe.Add(e.mem, at)
}

// array takes room for n elements, and returns it with its address. There is an address for
// none as well. While counting the slice is empty.
func array[T any](e *emitter, n int) ([]T, uintptr) {
	var t T
	p := e.room(uintptr(max(n, 1)) * unsafe.Sizeof(t))
	if p == nil {
		return nil, 0
	}
	return unsafe.Slice((*T)(p), n), uintptr(p)
}

// str emits a string with a final NUL.
func (e *emitter) str(s, what string) uintptr {
	if e.mem == nil && e.err == nil && strings.IndexByte(s, 0) >= 0 {
		e.err = nulError(what)
	}
	b, p := array[byte](e, len(s)+1)
	if b != nil {
		copy(b, s)
		b[len(s)] = 0
	}
	return p
}

// optional emits a string that is a null pointer if it is empty.
func (e *emitter) optional(s, what string) uintptr {
	if s == "" {
		return 0
	}
	return e.str(s, what)
}

// strs emits a list of strings with a final null pointer.
func (e *emitter) strs(list []string, what string) uintptr {
	ptrs, p := array[uintptr](e, len(list)+1)
	known := e.err
	for i, s := range list {
		at := e.str(s, what)
		if ptrs != nil {
			ptrs[i] = at
		}
		if e.err != known {
			e.err = nulError(fmt.Sprintf("%s[%d]", what, i))
			return 0
		}
	}
	if ptrs != nil {
		ptrs[len(list)] = 0
	}
	return p
}

// nulError is what a string with a NUL byte in it, which C cannot hold, gives.
func nulError(what string) *Error {
	field, _, _ := strings.Cut(what, "[")
	return &Error{Step: StepRequest, Errno: syscall.EINVAL, Object: what + " contains a NUL byte", field: field,
		hint: "Programs get their strings up to the first NUL byte, so that " + what + " would be cut off. Take the byte out."}
}

// narrow is what does not fit in the kernel's int as a number that never exists.
func narrow(v int) int32 {
	if int(int32(v)) != v {
		return -1 << 31
	}
	return int32(v)
}
