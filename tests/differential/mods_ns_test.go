// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Entries for Cloneflags, Unshareflags and the maps of user namespaces. Maps are
// only ever set together with a new user namespace: without one they hang the
// reference. Of the other Cloneflags only those that harm nobody are here.

package differential

import (
	"math/rand/v2"
	"os"
	"syscall"
)

const (
	cloneNewTime = 0x80
	cloneSysvsem = 0x40000
)

var namespaceFlags = []struct {
	name string
	flag uintptr
	rare bool
}{
	{"NEWUTS", syscall.CLONE_NEWUTS, false},
	{"NEWIPC", syscall.CLONE_NEWIPC, false},
	{"NEWPID", syscall.CLONE_NEWPID, false},
	{"NEWNS", syscall.CLONE_NEWNS, false},
	{"NEWCGROUP", syscall.CLONE_NEWCGROUP, false},
	{"NEWNET", syscall.CLONE_NEWNET, true}, // the kernel takes long to remove one
	{"NEWUSER", syscall.CLONE_NEWUSER, false},
	{"NEWTIME", cloneNewTime, false},
}

func namespaceMods() (list []*mod) {
	clone := func(value string, flags uintptr, want error) *mod {
		return &mod{name: "Cloneflags=" + value, want: want, apply: set(func(s *spec) { s.sys.Cloneflags |= flags })}
	}
	unshare := func(value string, flags uintptr, want error) *mod {
		return &mod{name: "Unshareflags=" + value, want: want, apply: set(func(s *spec) { s.sys.Unshareflags |= flags })}
	}
	for _, n := range namespaceFlags {
		c, u := clone(n.name, n.flag, nil), unshare(n.name, n.flag, nil)
		c.rare, u.rare = n.rare, n.rare
		list = append(list, c, u)
	}
	return append(list,
		clone("random", 0, errAny).choose(func(s *spec, f uintptr) { s.sys.Cloneflags |= f }),
		unshare("random", 0, errAny).choose(func(s *spec, f uintptr) { s.sys.Unshareflags |= f }),
		clone("VFORK", syscall.CLONE_VFORK, nil),
		clone("UNTRACED", syscall.CLONE_UNTRACED, nil),
		clone("PTRACE", syscall.CLONE_PTRACE, nil),
		clone("IO", syscall.CLONE_IO, nil),
		clone("SYSVSEM", cloneSysvsem, nil),
		clone("NEWIPC and SYSVSEM", syscall.CLONE_NEWIPC|cloneSysvsem, syscall.EINVAL),
		unshare("FS", syscall.CLONE_FS, nil),
		unshare("FILES", syscall.CLONE_FILES, nil),
		unshare("SYSVSEM", cloneSysvsem, nil),
		unshare("VM", syscall.CLONE_VM, errAny),
		unshare("THREAD", syscall.CLONE_THREAD, errAny),
		unshare("unknown", 1, syscall.EINVAL),
	)
}

// choose makes an entry that sets a random set of namespace flags.
func (m *mod) choose(set func(s *spec, flags uintptr)) *mod {
	m.apply = func(s *spec, r *rand.Rand) {
		for _, n := range namespaceFlags {
			if r.IntN(3) == 0 && (!n.rare || r.IntN(10) == 0) {
				set(s, n.flag)
			}
		}
	}
	return m
}

type idMaps struct {
	value     string
	uids      []syscall.SysProcIDMap
	gids      []syscall.SysProcIDMap
	setgroups bool
	clone     error // what it gives with Cloneflags
	unshare   error // and with Unshareflags, where the child writes the files
}

func mapCases() []idMaps {
	type list = []syscall.SysProcIDMap
	one := func(inside, outside, n int) list {
		return list{{ContainerID: inside, HostID: outside, Size: n}}
	}
	uid, gid := os.Getuid(), os.Getgid()
	me, mine := list{{HostID: uid, Size: 1}}, list{{HostID: gid, Size: 1}}
	wide := list{{HostID: 0, Size: 1000}, {ContainerID: 1000, HostID: 100_000, Size: 65536}}
	var lines list
	for i := 0; i < 340; i++ { // the most the kernel takes
		lines = append(lines, syscall.SysProcIDMap{ContainerID: i, HostID: i, Size: 1})
	}
	const eperm, einval = syscall.EPERM, syscall.EINVAL
	return []idMaps{
		{"own", me, mine, false, nil, nil},
		{"own, setgroups", me, mine, true, nil, eperm},
		{"own as 1000", one(1000, uid, 1), one(1000, gid, 1), false, nil, nil},
		{"uid only", me, nil, false, nil, nil},
		{"gid only", nil, mine, false, nil, nil},
		{"uid only, setgroups", me, nil, true, nil, nil},
		{"wide", wide, wide, false, nil, eperm},
		{"wide, setgroups", wide, wide, true, nil, eperm},
		{"many lines", lines, lines, true, nil, eperm},
		{"too many lines", append(lines[:340:340], syscall.SysProcIDMap{ContainerID: 999, HostID: 999, Size: 1}), mine, false, einval, einval},
		{"empty", list{}, list{}, false, einval, einval},
		{"empty uid", list{}, nil, false, einval, einval},
		{"empty gid", me, list{}, false, einval, einval},
		{"size 0", one(0, uid, 0), mine, false, einval, einval},
		{"negative size", one(0, uid, -1), mine, false, errAny, errAny},
		{"negative id", one(-5, uid, 1), mine, false, errAny, errAny},
		{"overlap", append(one(0, 0, 10), one(5, 100, 10)...), mine, false, einval, einval},
		{"foreign", one(0, uid+1, 1), one(0, gid+1, 1), false, nil, eperm},
	}
}

// mapMods sets the maps by both routes; the word in front of "=" is the same, for
// a case has only one set of maps.
func mapMods() (list []*mod) {
	for _, c := range mapCases() {
		set := func(s *spec) {
			s.sys.UidMappings, s.sys.GidMappings, s.sys.GidMappingsEnableSetgroups = c.uids, c.gids, c.setgroups
		}
		list = append(list, &mod{name: "Mappings=clone, " + c.value, want: c.clone, apply: func(s *spec, _ *rand.Rand) {
			s.sys.Cloneflags |= syscall.CLONE_NEWUSER
			set(s)
		}})
		if empty(c.uids) || empty(c.gids) {
			continue // by the other route it crashes the reference
		}
		list = append(list, &mod{name: "Mappings=unshare, " + c.value, want: c.unshare, apply: func(s *spec, _ *rand.Rand) {
			s.sys.Unshareflags |= syscall.CLONE_NEWUSER
			set(s)
		}})
	}
	return list
}

func empty(list []syscall.SysProcIDMap) bool { return list != nil && len(list) == 0 }
