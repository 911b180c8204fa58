// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package api

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
)

// A fuzzInput is a start made of a fuzzer's bytes: each operation is one byte and its
// operands, as in tests/fuzz.
type fuzzInput struct {
	*bytes.Reader
	argv0 string
	argv  []string
	attr  syscall.ProcAttr
	sys   syscall.SysProcAttr
	opt   forkexec.Options
	pidfd int
}

func (in *fuzzInput) byte() byte {
	b, _ := in.ReadByte()
	return b
}

func (in *fuzzInput) bool() bool { return in.byte()%2 == 1 }

// number is small, or one of those around which things change.
func (in *fuzzInput) number() int64 {
	odd := []int64{-1, -2, -1000, 63, 64, 1000, 65534, 65536, 1 << 20, 1<<31 - 1, -1 << 31, 1<<32 - 1, 1 << 32, 1<<63 - 1, -1 << 63}
	b := in.byte()
	if b < 200 {
		return int64(b % 100)
	}
	return odd[int(b-200)%len(odd)]
}

func (in *fuzzInput) count() int {
	b := in.byte()
	if b < 250 {
		return int(b % 16)
	}
	return []int{340, 341, 1000, 10_000, 65_536, 65_537}[b-250]
}

func (in *fuzzInput) path() string {
	paths := []string{"/bin/true", "/", "/missing", "/etc/passwd", "", "/dev/null", "/tmp", ".", "nul\x00nul"}
	b := in.byte()
	if b < 240 {
		return paths[int(b)%len(paths)]
	}
	return strings.Repeat("/", int(b-239)*300)
}

func (in *fuzzInput) idMap() []syscall.SysProcIDMap {
	maps := make([]syscall.SysProcIDMap, in.count())
	for i := range maps {
		maps[i] = syscall.SysProcIDMap{ContainerID: i, HostID: i, Size: 1}
	}
	if len(maps) > 0 {
		maps[0] = syscall.SysProcIDMap{ContainerID: int(in.number()), HostID: int(in.number()), Size: int(in.number())}
	}
	return maps
}

func (in *fuzzInput) operation() {
	s := &in.sys
	switch in.byte() % 23 {
	case 0:
		in.argv0 = in.path()
	case 1:
		in.argv = append(in.argv, in.path())
	case 2:
		in.attr.Env = append(in.attr.Env, in.path())
	case 3:
		in.attr.Dir = in.path()
	case 4:
		s.Chroot = in.path()
	case 5:
		for n := in.count(); n > 0; n-- {
			in.attr.Files = append(in.attr.Files, uintptr(in.number()))
		}
	case 6:
		c := &syscall.Credential{Uid: uint32(in.number()), Gid: uint32(in.number()), NoSetGroups: in.bool()}
		c.Groups = make([]uint32, in.count())
		for i := range c.Groups {
			c.Groups[i] = uint32(i)
		}
		s.Credential = c
	case 7:
		s.Ptrace = in.bool()
	case 8:
		s.Setsid = in.bool()
	case 9:
		s.Setpgid, s.Pgid = in.bool(), int(in.number())
	case 10:
		s.Setctty, s.Ctty = in.bool(), int(in.number())
	case 11:
		s.Noctty = in.bool()
	case 12:
		s.Foreground, s.Ctty = in.bool(), int(in.number())
	case 13:
		s.Pdeathsig = syscall.Signal(in.number())
	case 14:
		s.Cloneflags |= uintptr(uint64(1) << (in.byte() % 64))
	case 15:
		s.Unshareflags |= uintptr(uint64(1) << (in.byte() % 64))
	case 16:
		s.UidMappings = in.idMap()
	case 17:
		s.GidMappings = in.idMap()
	case 18:
		s.GidMappingsEnableSetgroups = in.bool()
	case 19:
		s.AmbientCaps = append(s.AmbientCaps, uintptr(in.number()))
	case 20:
		s.UseCgroupFD, s.CgroupFD = in.bool(), int(in.number())
	case 21:
		in.opt.CloseFDs = in.bool()
	case 22:
		s.PidFD = &in.pidfd
	}
}

// mustFail says why, by the rules, no such start can succeed.
func (in *fuzzInput) mustFail() string {
	const sharing = 0x100 | 0x200 | 0x400 | 0x800 | 0x8000 | 0x10000 // VM, FS, FILES, SIGHAND, PARENT, THREAD
	s := &in.sys
	for _, text := range append(append([]string{in.argv0, in.attr.Dir, s.Chroot}, in.argv...), in.attr.Env...) {
		if strings.Contains(text, "\x00") {
			return "a NUL byte"
		}
	}
	for _, n := range s.AmbientCaps {
		if n >= 64 {
			return "a capability that does not exist"
		}
	}
	switch {
	case s.Cloneflags&sharing != 0:
		return "a clone that shares"
	case (s.UidMappings != nil || s.GidMappings != nil) && (s.Cloneflags|s.Unshareflags)&syscall.CLONE_NEWUSER == 0:
		return "maps without a user namespace"
	case len(s.UidMappings) > 340 || len(s.GidMappings) > 340:
		return "too many maps"
	case s.Credential != nil && !s.Credential.NoSetGroups && len(s.Credential.Groups) > 65_536:
		return "too many groups"
	case s.Setctty && s.Foreground:
		return "Setctty and Foreground"
	case s.UseCgroupFD && s.CgroupFD < 0:
		return "a negative CgroupFD"
	}
	for _, fd := range in.attr.Files {
		if int(fd) < -1 || int(fd) > 1<<20 {
			return "a descriptor that cannot exist"
		}
	}
	return ""
}

// FuzzStart: any attributes end in an error with a step, or in a child.
func FuzzStart(f *testing.F) {
	for op := range byte(23) {
		f.Add([]byte{op, 1, 1, 1})
		f.Add([]byte{op, 2, 200, 0, 22, op, 1, 251, 0, 0, 1})
	}
	for bit := range byte(64) {
		f.Add([]byte{14, bit})
		f.Add([]byte{15, bit})
	}
	f.Add([]byte{14, 28, 16, 1, 0, 0, 1, 17, 1, 0, 0, 1})
	f.Add([]byte{15, 28, 16, 1, 0, 0, 1, 17, 1, 0, 0, 1, 6, 0, 0, 1, 0})
	f.Add([]byte{6, 1, 1, 0, 254})
	f.Add([]byte{6, 1, 1, 0, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		needC(t)
		in := &fuzzInput{Reader: bytes.NewReader(data), argv0: "/bin/true", argv: []string{"true"}, pidfd: -1}
		for n := 0; n < 16 && in.Len() > 0; n++ {
			in.operation()
		}
		in.attr.Sys = &in.sys
		runtime.LockOSThread() // the tracer, and whose end Pdeathsig means
		defer runtime.UnlockOSThread()
		before := openFDs(t)
		p, err := forkexec.Start(context.Background(), in.argv0, in.argv, &in.attr, &in.opt)
		checkFuzzed(t, in, p, err)
		sameFDs(t, before)
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG|syscall.WALL, nil); err != syscall.ECHILD {
			t.Errorf("a child is left: wait4 = %d, %v", pid, err)
		}
	})
}

func checkFuzzed(t *testing.T, in *fuzzInput, p *os.Process, err error) {
	if err == nil {
		_ = p.Kill() // one that is traced has stopped
		if _, err := p.Wait(); err != nil {
			t.Error("Wait:", err)
		}
		if in.pidfd >= 0 {
			_ = syscall.Close(in.pidfd)
		}
		if why := in.mustFail(); why != "" {
			t.Errorf("started in spite of %s: %+v %+v", why, in.attr, in.sys)
		}
		return
	}
	var e *forkexec.Error
	if !errors.As(err, &e) || e.Step == 0 || e.Errno == 0 || p != nil {
		t.Errorf("error %#v, process %v: want an Error with a step and an errno, and nil", err, p)
	}
	if in.pidfd != -1 {
		t.Errorf("PidFD was set to %d, and no child started: %v", in.pidfd, err)
	}
}
