// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Entries for Credential, AmbientCaps, and the fields that fit nowhere else:
// UseCgroupFD, PidFD, Pdeathsig, Ptrace, nil attributes.

package differential

import (
	"os"
	"syscall"
)

func idMods() []*mod {
	cred := func(value string, c syscall.Credential, want error) *mod {
		return &mod{name: "Credential=" + value, want: want, apply: set(func(s *spec) { s.sys.Credential = &c })}
	}
	many := make([]uint32, 65536) // NGROUPS_MAX
	for i := range many {
		many[i] = uint32(i + 7)
	}
	const none = 1<<32 - 1 // (uid_t)-1
	return []*mod{
		cred("zero", syscall.Credential{}, nil),
		cred("own", syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()), NoSetGroups: true}, nil),
		cred("nobody", syscall.Credential{Uid: 65534, Gid: 65534}, nil),
		cred("nobody, empty groups", syscall.Credential{Uid: 65534, Gid: 65534, Groups: []uint32{}}, nil),
		cred("nobody, no setgroups", syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: true}, nil),
		cred("groups", syscall.Credential{Uid: 1000, Gid: 1001, Groups: []uint32{5, 4, 4, 1 << 31}}, nil),
		cred("groups, no setgroups", syscall.Credential{Uid: 1000, Gid: 1001, Groups: []uint32{5}, NoSetGroups: true}, nil),
		cred("gid only", syscall.Credential{Gid: 1001}, nil),
		cred("large ids", syscall.Credential{Uid: 1<<32 - 2, Gid: 1<<32 - 2, Groups: []uint32{1<<32 - 2}}, nil),
		cred("most groups", syscall.Credential{Uid: 1000, Gid: 1000, Groups: many}, nil),
		cred("too many groups", syscall.Credential{Groups: append(many, 1)}, syscall.EINVAL),
		cred("group -1", syscall.Credential{Groups: []uint32{none}}, syscall.EINVAL),
		cred("gid -1", syscall.Credential{Gid: none}, syscall.EINVAL),
		cred("uid -1", syscall.Credential{Uid: none}, syscall.EINVAL),
	}
}

func capabilityMods() []*mod {
	ambient := func(value string, caps []uintptr, want error) *mod {
		return &mod{name: "AmbientCaps=" + value, want: want, apply: set(func(s *spec) { s.sys.AmbientCaps = caps })}
	}
	return []*mod{
		ambient("empty", []uintptr{}, nil),
		ambient("0", []uintptr{0}, nil),
		ambient("10", []uintptr{10}, nil),
		ambient("several", []uintptr{7, 6, 38, 21}, nil), // of both words
		ambient("twice", []uintptr{10, 10}, nil),
		ambient("last", []uintptr{40}, nil),
		// The kernel drops bits above its last capability from the sets and then
		// refuses to raise them.
		ambient("41", []uintptr{41}, syscall.EINVAL),
		ambient("63", []uintptr{63}, syscall.EINVAL),
		ambient("good and bad", []uintptr{10, 62}, syscall.EINVAL),
	}
}

func otherMods() []*mod {
	death := func(value string, sig syscall.Signal, want error) *mod {
		return &mod{name: "Pdeathsig=" + value, want: want, apply: set(func(s *spec) { s.sys.Pdeathsig = sig })}
	}
	cgroup := func(value string, fd int, want error, need func() string) *mod {
		return &mod{name: "CgroupFD=" + value, want: want, need: need, apply: set(func(s *spec) {
			s.sys.UseCgroupFD = true
			s.sys.CgroupFD = fd
		})}
	}
	return []*mod{
		death("KILL", syscall.SIGKILL, nil),
		death("TERM", syscall.SIGTERM, nil),
		death("32", 32, nil),
		death("64", 64, nil),
		death("65", 65, syscall.EINVAL),
		death("-1", -1, syscall.EINVAL),
		cgroup("valid", fdCgroup, nil, needCgroup),
		cgroup("bad", fdBad, syscall.EBADF, nil),
		cgroup("-1", -1, syscall.EINVAL, nil),
		cgroup("folder", fdFolder, syscall.EBADF, nil),
		{name: "CgroupFD=unused", apply: set(func(s *spec) { s.sys.CgroupFD = fdBad })},
		{name: "PidFD=set", need: needPidfd, apply: set(func(s *spec) { s.pidfd = true })},
		{name: "Ptrace=true", apply: set(func(s *spec) { s.sys.Ptrace = true })},
		// Without Sys, what other entries set in it does not count.
		{name: "nil=Sys", apply: set(func(s *spec) { s.nilSys = true })},
		{name: "nil=attr", apply: set(func(s *spec) { s.nilAttr = true })},
	}
}
