// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Input that hangs or crashes the reference, or lets it harm its parent. It never
// goes to the reference; ours is checked against the result that is wanted.

package differential

import (
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// harmsReference says why a case must not go to the reference, or "". Combinations
// of harmless entries can get here.
func (s *spec) harmsReference() string {
	if s.nilAttr || s.nilSys {
		return ""
	}
	sys := &s.sys
	maps := sys.UidMappings != nil || sys.GidMappings != nil
	for _, c := range sys.AmbientCaps {
		if c >= 64 {
			return "capability above 63: index out of range in the child, which crashes the parent"
		}
	}
	switch {
	case maps && (sys.Cloneflags|sys.Unshareflags)&syscall.CLONE_NEWUSER == 0:
		return "maps without a user namespace: vfork waits for a child that waits for the parent"
	case maps && sys.Cloneflags&syscall.CLONE_VFORK != 0:
		return "CLONE_VFORK with maps: the same, with a user namespace"
	case sys.Unshareflags&syscall.CLONE_NEWUSER != 0 && (empty(sys.UidMappings) || empty(sys.GidMappings)):
		return "empty maps written by the child: index out of range in the child, and the start succeeds"
	}
	return ""
}

// A defect is input on which ours must differ from the reference.
type defect struct {
	name string
	want error // nil: the child runs
	// also is another acceptable result, where ours may choose; errAny: success.
	also error
	set  func(s *spec)
}

func defects() []defect {
	type maps = []syscall.SysProcIDMap
	one := maps{{HostID: os.Getuid(), Size: 1}}
	const einval, ebadf = syscall.EINVAL, syscall.EBADF
	var noClone3 error
	if emulator != "" {
		noClone3 = syscall.ENOSYS
	}
	list := []defect{
		{"AmbientCaps 64", einval, nil, func(s *spec) { s.sys.AmbientCaps = []uintptr{10, 64} }},
		{"AmbientCaps -1", einval, nil, func(s *spec) { s.sys.AmbientCaps = []uintptr{^uintptr(0)} }},
		{"UidMappings alone", einval, nil, func(s *spec) { s.sys.UidMappings = one }},
		{"GidMappings alone", einval, nil, func(s *spec) { s.sys.GidMappings = one }},
		{"maps with another namespace", einval, nil, func(s *spec) {
			s.sys.UidMappings, s.sys.GidMappings, s.sys.Cloneflags = one, one, syscall.CLONE_NEWUTS
		}},
		{"empty maps without namespace", einval, nil, func(s *spec) { s.sys.UidMappings = maps{} }},
		{"empty maps by unshare", einval, nil, func(s *spec) {
			s.sys.UidMappings, s.sys.GidMappings, s.sys.Unshareflags = maps{}, maps{}, syscall.CLONE_NEWUSER
		}},
		{"empty gid map by unshare", einval, nil, func(s *spec) {
			s.sys.UidMappings, s.sys.GidMappings, s.sys.Unshareflags = one, maps{}, syscall.CLONE_NEWUSER
		}},
		{"maps with VFORK", einval, errAny, func(s *spec) {
			s.sys.UidMappings, s.sys.Cloneflags = one, syscall.CLONE_NEWUSER|syscall.CLONE_VFORK
		}},
		{"clone refused with maps", einval, nil, func(s *spec) {
			s.sys.UidMappings, s.sys.Cloneflags = one, syscall.CLONE_NEWUSER|syscall.CLONE_NEWIPC|cloneSysvsem
		}},
		{"cgroup refused with maps", ebadf, noClone3, func(s *spec) {
			s.sys.UidMappings, s.sys.Cloneflags = one, syscall.CLONE_NEWUSER
			s.sys.UseCgroupFD, s.sys.CgroupFD = true, fdBad
		}},
	}
	if bits.UintSize == 64 {
		list = append(list, wideDefects()...)
	}
	return append(list, flagDefects()...)
}

// bit is 1<<n, or 0 where a word is shorter.
func bit(n int) uintptr { return 1 << n }

// wideDefects have numbers of more than 32 bits.
func wideDefects() []defect {
	const einval, ebadf = syscall.EINVAL, syscall.EBADF
	return []defect{
		{"AmbientCaps 1<<40", einval, nil, func(s *spec) { s.sys.AmbientCaps = []uintptr{bit(40)} }},
		{"Files 1<<32", ebadf, nil, func(s *spec) { s.attr.Files = []uintptr{fdNull, fdNull, fdNull, bit(32) | fdNull} }},
		{"Files 1<<32 on itself", ebadf, nil, func(s *spec) { s.attr.Files = []uintptr{bit(32), fdNull, fdNull} }},
		{"Files 1<<63", ebadf, nil, func(s *spec) { s.attr.Files = []uintptr{fdNull, fdNull, fdNull, bit(63) | fdNull} }},
		{"Foreground with Ctty 1<<32", ebadf, nil, func(s *spec) { s.sys.Foreground, s.sys.Ctty = true, int(bit(32)|fdNull) }},
	}
}

// flagDefects has the Cloneflags that share something with the parent or ask for
// what the caller cannot get; with Dir and Files, so that sharing shows in the
// parent.
func flagDefects() (list []defect) {
	for _, f := range []struct {
		name  string
		flags uint64
		also  error
	}{
		{"THREAD", syscall.CLONE_THREAD | syscall.CLONE_SIGHAND | syscall.CLONE_VM, nil},
		{"SIGHAND", syscall.CLONE_SIGHAND | syscall.CLONE_VM, nil},
		{"VM", syscall.CLONE_VM, errAny}, // the reference uses it itself
		{"VM with NEWUSER", syscall.CLONE_VM | syscall.CLONE_NEWUSER, errAny},
		{"FILES", syscall.CLONE_FILES, nil},
		{"FS", syscall.CLONE_FS, nil},
		{"PARENT", syscall.CLONE_PARENT, nil},
		{"SETTLS", syscall.CLONE_SETTLS, nil},
		{"PARENT_SETTID", syscall.CLONE_PARENT_SETTID, errAny},
		{"CHILD_SETTID", syscall.CLONE_CHILD_SETTID, errAny},
		{"CHILD_CLEARTID", syscall.CLONE_CHILD_CLEARTID, errAny},
		{"DETACHED", syscall.CLONE_DETACHED, errAny},
		{"PIDFD", 0x1000, errAny},
		{"CLEAR_SIGHAND", 1 << 32, errAny},
		{"INTO_CGROUP", 1 << 33, errAny},
		{"exit signal USR1", uint64(syscall.SIGUSR1), errAny},
		{"exit signal 2", 2, errAny}, // with SIGCHLD: SIGSTOP for the parent
		{"unknown 1<<40", 1 << 40, errAny},
	} {
		if uint64(uintptr(f.flags)) != f.flags {
			continue
		}
		list = append(list, defect{"Cloneflags " + f.name, syscall.EINVAL, f.also, func(s *spec) {
			s.sys.Cloneflags = uintptr(f.flags)
			s.attr.Dir = fix.in("folder")
			s.attr.Files = []uintptr{fdRead, fdPipeW, fdNull, fdAppend}
		}})
	}
	return list
}

// TestDefects runs them on ours alone.
func TestDefects(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library does the starts; its defects are known")
	}
	for _, d := range defects() {
		for _, p := range ours {
			t.Run(d.name, func(t *testing.T) {
				s := newSpec()
				s.name = "defect: " + d.name
				d.set(s)
				o := s.run(p)
				fine := sameError(o.err, d.want) || d.also == errAny && o.err == nil || d.also != nil && o.err == d.also
				if !fine || len(o.harm) > 0 || o.err == nil && !o.report {
					t.Errorf("%s: error %v, want %v (or %v); harm %q\n%s", p.name, o.err, d.want, d.also, o.harm, s.describe())
				}
			})
		}
	}
}

// TestSlowStart keeps a child from coming to its execve, by a frozen cgroup, and
// checks that the garbage collector and other goroutines go on meanwhile.
func TestSlowStart(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library stops the garbage collector")
	}
	if reason := needCgroup(); reason != "" {
		skipCase(t, "slow start", reason)
		t.Skip(reason)
	}
	freeze := filepath.Join(fix.cgroup, "cgroup.freeze")
	for _, p := range ours {
		s := newSpec()
		s.name = "slow start"
		s.sys.UseCgroupFD, s.sys.CgroupFD = true, fdCgroup
		if err := os.WriteFile(freeze, []byte("1"), 0); err != nil {
			skipCase(t, "slow start", err.Error())
			return
		}
		thaw := time.AfterFunc(3*time.Second, func() { _ = os.WriteFile(freeze, []byte("0"), 0) })
		done := make(chan outcome, 1)
		go func() { done <- s.run(p) }()
		time.Sleep(50 * time.Millisecond) // the start is under way
		begin := time.Now()
		runtime.GC()
		took := time.Since(begin)
		early := len(done) > 0
		if thaw.Stop() {
			_ = os.WriteFile(freeze, []byte("0"), 0)
		}
		o := <-done
		if early || took > time.Second || o.err != nil || len(o.harm) > 0 {
			t.Errorf("%s: child not held: %v; a garbage collection took %v; error %v, harm %q", p.name, early, took, o.err, o.harm)
		}
	}
}
