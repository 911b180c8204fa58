// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Entries for sessions, process groups and terminals, and for Files. Cases that
// need a controlling terminal in the parent are in foreground_test.go.

package differential

import (
	"math/bits"
	"math/rand/v2"
	"syscall"
)

func sessionMods() []*mod {
	group := func(value string, pgid int, want error) *mod {
		return &mod{name: "Setpgid=" + value, want: want, apply: set(func(s *spec) {
			s.sys.Setpgid = true
			s.sys.Pgid = pgid
		})}
	}
	terminal := func(value string, want error, f func(s *spec)) *mod {
		return &mod{name: "Ctty=" + value, want: want, need: needPty, apply: set(func(s *spec) {
			s.pty = true
			f(s)
		})}
	}
	controlled := func(s *spec) {
		files := append([]uintptr(nil), s.attr.Files...)
		s.attr.Files = append(files, fdSlave)
		s.sys.Setctty = true
		s.sys.Ctty = len(s.attr.Files) - 1
	}
	return []*mod{
		{name: "Setsid=true", apply: set(func(s *spec) { s.sys.Setsid = true })},
		group("0", 0, nil),
		group("own group", syscall.Getpgrp(), nil),
		group("no such group", 4_000_000, syscall.EPERM),
		group("-1", -1, syscall.EINVAL),
		group("1<<32", int(bit(32)), nil), // the kernel's pid_t has 32 bits
		{name: "Setpgid=unused", apply: set(func(s *spec) { s.sys.Pgid = -1 })},
		terminal("set", nil, func(s *spec) { s.sys.Setsid = true; controlled(s) }),
		terminal("set on 0", nil, func(s *spec) {
			s.sys.Setsid, s.sys.Setctty = true, true
			s.attr.Files = []uintptr{fdSlave, fdSlave, fdSlave}
		}),
		terminal("without session", syscall.EPERM, controlled),
		terminal("no terminal", syscall.ENOTTY, func(s *spec) {
			s.sys.Setsid, s.sys.Setctty = true, true
			s.attr.Files = []uintptr{fdNull}
		}),
		terminal("closed entry", syscall.EBADF, func(s *spec) {
			s.sys.Setsid, s.sys.Setctty = true, true
			s.attr.Files = []uintptr{^uintptr(0)}
		}),
		terminal("-1", syscall.EBADF, func(s *spec) { s.sys.Setctty, s.sys.Ctty = true, -1 }),
		terminal("not in Files", errAny, func(s *spec) { s.sys.Setctty, s.sys.Ctty = true, 1000 }),
		terminal("unused", nil, func(s *spec) { s.sys.Ctty = 1000 }),
		terminal("Noctty", syscall.ENOTTY, func(s *spec) { s.sys.Noctty = true }),
		terminal("Noctty of another", syscall.ENOTTY, func(s *spec) {
			s.sys.Noctty = true
			s.attr.Files = []uintptr{fdSlave, fdNull, fdNull}
		}),
		terminal("Foreground", syscall.ENOTTY, func(s *spec) { s.sys.Foreground, s.sys.Ctty = true, fdSlave }),
		terminal("Foreground on a file", syscall.ENOTTY, func(s *spec) { s.sys.Foreground, s.sys.Ctty = true, fdRead }),
		terminal("Foreground on none", syscall.EBADF, func(s *spec) { s.sys.Foreground, s.sys.Ctty = true, fdBad }),
		terminal("both", errAny, func(s *spec) { s.sys.Foreground, s.sys.Setctty = true, true }),
	}
}

const closed = ^uintptr(0) // the entry -1

var filePool = []uintptr{closed, closed, 0, 1, 2, fdRead, fdAppend, fdPipeR, fdPipeW, fdSocket, fdNull, fdPath, fdFolder,
	fdInherited, fdReport}

func fileMods() []*mod {
	files := func(value string, want error, fds ...uintptr) *mod {
		return &mod{name: "Files=" + value, want: want, apply: set(func(s *spec) { s.attr.Files = fds })}
	}
	var long []uintptr
	for i := uintptr(0); i < 28; i++ {
		long = append(long, fdRead+i%7)
	}
	var minus1of32 error = syscall.EBADF
	if bits.UintSize == 32 {
		minus1of32 = nil // it is the entry -1
	}
	return []*mod{
		files("nil", nil),
		files("one", nil, fdRead),
		files("two", nil, fdRead, fdAppend),
		files("standard", nil, 0, 1, 2),
		files("standard reversed", nil, 2, 1, 0),
		files("swap", nil, 1, 0, 2),
		files("cycle", nil, 1, 2, 0),
		files("other cycle", nil, 2, 0, 1),
		files("all one", nil, fdPipeW, fdPipeW, fdPipeW, fdPipeW),
		files("all kinds", nil, fdNull, fdRead, fdAppend, fdPipeR, fdPipeW, fdSocket, fdPath, fdFolder),
		files("closed", nil, closed, closed, closed),
		files("holes", nil, fdNull, closed, fdPipeW, closed, fdRead, closed),
		files("closed and lower", nil, closed, 0, closed, 1, 2),
		files("shifted up", nil, fdNull, 0, 1, 2, 0),
		files("long", nil, long...),
		files("inherited", nil, fdNull, fdNull, fdNull, fdInherited),
		files("bad first", syscall.EBADF, fdBad, 1, 2),
		files("bad last", syscall.EBADF, 0, 1, 2, fdBad),
		files("bad and lower", syscall.EBADF, fdNull, 0, 1, fdBad),
		files("-2", syscall.EBADF, 0, 1, 2, ^uintptr(1)),
		files("beyond the limit", syscall.EBADF, 0, 1, 2, 1<<30),
		files("largest", syscall.EBADF, 0, 1, 2, 1<<31-2),
		files("1<<31", syscall.EBADF, 0, 1, 2, 1<<31),
		files("-1 of 32 bits", minus1of32, 0, 1, 2, 1<<32-1),
		{name: "Files=random", want: errAny, apply: func(s *spec, r *rand.Rand) {
			s.attr.Files = nil
			for i := r.IntN(14); i > 0; i-- {
				s.attr.Files = append(s.attr.Files, filePool[r.IntN(len(filePool))])
			}
		}},
	}
}
