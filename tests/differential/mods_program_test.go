// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Entries for the program, its arguments and environment: what execve makes of
// them, and NUL bytes, which are refused before anything is started.

package differential

import (
	"fmt"
	"strings"
	"syscall"
)

func programMods() []*mod {
	program := func(value, path string, want error) *mod {
		return &mod{name: "argv0=" + value, want: want, apply: set(func(s *spec) { s.argv0 = path })}
	}
	return []*mod{
		program("link", fix.in("link"), nil),
		program("script", fix.in("script"), nil),
		program("nested script", fix.in("nested"), nil),
		program("unreadable", fix.in("hidden"), nil),
		program("dots", fix.in("folder")+"/../probe", nil),
		program("relative", "./probe", syscall.ENOENT), // valid with Dir=root
		program("bare name", "probe", syscall.ENOENT),
		program("empty", "", syscall.ENOENT),
		program("missing", fix.in("missing"), syscall.ENOENT),
		program("dangling link", fix.in("dangling"), syscall.ENOENT),
		program("below a file", fix.in("file/probe"), syscall.ENOTDIR),
		program("trailing slash", fix.probe+"/", syscall.ENOTDIR),
		program("folder", fix.in("folder"), syscall.EACCES),
		program("not executable", fix.in("plain"), syscall.EACCES),
		program("executable for its owner", fix.in("unreadable"), nil),
		program("in a closed folder", fix.in("closed/probe"), syscall.ENOENT),
		program("garbage", fix.in("garbage"), syscall.ENOEXEC),
		program("empty file", fix.in("empty"), syscall.ENOEXEC),
		program("truncated ELF", fix.in("truncated"), errAny), // ENOEXEC or EIO
		program("interpreter missing", fix.in("lost"), syscall.ENOENT),
		program("interpreter a folder", fix.in("silly"), syscall.EACCES),
		program("interpreter itself", fix.in("endless"), syscall.ELOOP),
		program("link to itself", fix.in("loop"), syscall.ELOOP),
		program("being written", fix.in("busy"), syscall.ETXTBSY),
		program("device", "/dev/null", syscall.EACCES),
		program("component too long", "/"+strings.Repeat("x", 300), syscall.ENAMETOOLONG),
		program("path too long", strings.Repeat("/x", 3000), syscall.ENAMETOOLONG),
		program("longest path", strings.Repeat("/", 4095-len(fix.probe))+fix.probe, nil),
		program("NUL", "pro\x00be", syscall.EINVAL),
		program("NUL at the end", fix.probe+"\x00", syscall.EINVAL),
	}
}

func stringMods() []*mod {
	argv := func(value string, v []string, want error) *mod {
		return &mod{name: "argv=" + value, want: want, apply: set(func(s *spec) { s.argv = v })}
	}
	env := func(value string, v []string, want error) *mod {
		return &mod{name: "Env=" + value, want: want, apply: set(func(s *spec) { s.attr.Env = v })}
	}
	var many []string
	for i := 0; i < 3000; i++ {
		many = append(many, fmt.Sprintf("NAME_%d=value %d", i, i*i))
	}
	var tooMany []string // over a quarter of any usual stack limit, and over 6 MB
	for i := 0; i < 70; i++ {
		tooMany = append(tooMany, strings.Repeat("y", 100_000))
	}
	large := strings.Repeat("z", 131_072-1) // MAX_ARG_STRLEN with its NUL
	return []*mod{
		argv("nil", nil, nil),
		argv("empty list", []string{}, nil),
		argv("empty strings", []string{"", "", ""}, nil),
		argv("other name", []string{"-sh", "-c", "exit"}, nil),
		argv("bytes", []string{"a\xff\xfe", "\n", "ä=ö", `\`}, nil),
		argv("many", many, nil),
		argv("largest string", []string{"probe", large}, nil),
		argv("string too large", []string{"probe", large + "z"}, syscall.E2BIG),
		argv("too many", tooMany, syscall.E2BIG),
		argv("NUL", []string{"probe", "x\x00"}, syscall.EINVAL),
		env("nil", nil, nil),
		env("empty list", []string{}, nil),
		env("twice", []string{"A=1", "A=2", "A=1"}, nil),
		env("odd", []string{"", "=", "NOVALUE", "=x", "A=\xff\n"}, nil),
		env("many", many, nil),
		env("largest string", []string{large}, nil),
		env("string too large", []string{"A=" + large}, syscall.E2BIG),
		env("too many", tooMany, syscall.E2BIG),
		env("NUL", []string{"A=1", "B=\x002"}, syscall.EINVAL),
	}
}

func pathMods() []*mod {
	dir := func(value, path string, want error) *mod {
		return &mod{name: "Dir=" + value, want: want, apply: set(func(s *spec) { s.attr.Dir = path })}
	}
	chroot := func(value, path string, want error) *mod {
		return &mod{name: "Chroot=" + value, want: want, apply: set(func(s *spec) { s.sys.Chroot = path })}
	}
	return []*mod{
		dir("/", "/", nil),
		dir("tree", fix.root, nil),
		dir("folder", fix.in("folder"), nil),
		dir("dot", ".", nil),
		dir("relative", "testdata/..", errAny), // an ordinary user runs elsewhere
		dir("proc", "/proc/sys", nil),
		dir("missing", fix.in("missing"), syscall.ENOENT),
		dir("file", fix.in("file"), syscall.ENOTDIR),
		dir("closed", fix.in("closed"), nil), // not for an ordinary user
		dir("loop", fix.in("loop"), syscall.ELOOP),
		dir("too long", strings.Repeat("/x", 3000), syscall.ENAMETOOLONG),
		dir("NUL", "/\x00", syscall.EINVAL),
		chroot("tree", fix.root, nil), // the case's paths follow
		chroot("/", "/", nil),
		chroot("folder", fix.in("folder"), syscall.ENOENT), // the program is not there
		chroot("missing", fix.in("missing"), syscall.ENOENT),
		chroot("file", fix.in("file"), syscall.ENOTDIR),
		chroot("loop", fix.in("loop"), syscall.ELOOP),
		chroot("NUL", "\x00/", syscall.EINVAL),
	}
}
