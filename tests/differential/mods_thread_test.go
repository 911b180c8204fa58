// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Entries that change the calling thread: a child takes after the thread that
// starts it, not after the process. Each run has a thread of its own, which is
// thrown away. Some install a seccomp filter, which takes system calls away that
// ours would like to use.

package differential

import (
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"forkexec.example/forkexec/tests/internal/seccomp"
)

// do makes a change that is one system call.
func do(number uintptr, args ...uintptr) func() error {
	var a [6]uintptr
	copy(a[:], args)
	return func() error {
		if _, _, e := syscall.RawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]); e != 0 {
			return e
		}
		return nil
	}
}

// doWith is do with one argument that points to words.
func doWith(number uintptr, at int, words []uint64, args ...uintptr) func() error {
	var a [6]uintptr
	copy(a[:], args)
	return func() error {
		var p runtime.Pinner
		defer p.Unpin()
		p.Pin(&words[0])
		b := a
		b[at] = uintptr(unsafe.Pointer(&words[0]))
		if _, _, e := syscall.RawSyscall6(number, b[0], b[1], b[2], b[3], b[4], b[5]); e != 0 {
			return e
		}
		return nil
	}
}

func changed(name string, changes ...func() error) *mod {
	return &mod{name: name, thread: func() []func() error { return changes }}
}

func blocked(set uint64) func() error {
	return doWith(syscall.SYS_RT_SIGPROCMASK, 1, []uint64{set}, 0, 0, 0, 8) // SIG_BLOCK
}

func prctl(args ...uintptr) func() error { return do(syscall.SYS_PRCTL, args...) }

func chdir(dir string) func() error { return func() error { return syscall.Chdir(dir) } }

const (
	prSetKeepcaps    = 8
	prSetTimerslack  = 29
	prSetSecurebits  = 28
	prCapbsetDrop    = 24
	prCapAmbient     = 47
	keepCapsLocked   = 1 << 5
	noRoot           = 1 << 0
	noSetuidFixup    = 1 << 2
	noCapAmbientRise = 1 << 6
)

func threadMods() []*mod {
	unshareFS := do(syscall.SYS_UNSHARE, syscall.CLONE_FS)
	list := []*mod{
		changed("thread nice=5", do(syscall.SYS_SETPRIORITY, 0, 0, 5)),
		changed("thread policy=batch", doWith(syscall.SYS_SCHED_SETSCHEDULER, 2, []uint64{0}, 0, 3)),
		changed("thread ioprio=idle", do(syscall.SYS_IOPRIO_SET, 1, 0, 3<<13)),
		changed("thread affinity=0", doWith(syscall.SYS_SCHED_SETAFFINITY, 2, []uint64{1}, 0, 8)),
		changed("thread blocked=USR1", blocked(1<<9)),
		changed("thread blocked=CHLD, 33, 64", blocked(1<<16|1<<32|1<<63)),
		changed("thread blocked=all", blocked(^uint64(0))),
		changed("thread no_new_privs=1", seccomp.NoNewPrivs),
		changed("thread timerslack=1000", prctl(prSetTimerslack, 1000)),
		changed("thread keepcaps=1", prctl(prSetKeepcaps, 1)),
		changed("thread personality=ADDR_NO_RANDOMIZE", do(syscall.SYS_PERSONALITY, 0x40000)),
		changed("thread cwd=folder", unshareFS, chdir(fix.in("folder"))),
		changed("thread cwd=tree, umask 177", unshareFS, chdir(fix.root), do(syscall.SYS_UMASK, 0o177)),
		changed("thread seccomp=allow", filter(filterAllow)...),
		changed("thread seccomp=pidfd_open ENOSYS", filter(refuse(434, syscall.ENOSYS))...),
		changed("thread seccomp=close_range ENOSYS", filter(refuse(436, syscall.ENOSYS))...),
		changed("thread seccomp=futex_waitv ENOSYS", filter(refuse(449, syscall.ENOSYS))...),
	}
	for _, m := range list {
		if m.field() == "thread seccomp" {
			m.need = needSeccomp
		}
	}
	return list
}

func privilegedThreadMods() []*mod {
	unshare := func(flags uintptr) func() error { return do(syscall.SYS_UNSHARE, flags) }
	shared := func() error { return syscall.Mount("", "/", "", syscall.MS_SHARED|syscall.MS_REC, "") }
	// capset of header and data; only the low words are used.
	inheritable := func() error {
		header := [2]uint32{0x20080522, 0}
		var data [6]uint32
		for _, number := range []uintptr{syscall.SYS_CAPGET, syscall.SYS_CAPSET} {
			if _, _, e := syscall.RawSyscall(number, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data)), 0); e != 0 {
				return e
			}
			data[2] |= 1 << 10 // CAP_NET_BIND_SERVICE
		}
		return nil
	}
	list := []*mod{
		changed("thread bounding=no SYS_TIME", prctl(prCapbsetDrop, 25)),
		changed("thread inheritable=10", inheritable),
		changed("thread inheritable=10, ambient", inheritable, prctl(prCapAmbient, 2, 10)),
		changed("thread securebits=keepcaps locked", prctl(prSetSecurebits, keepCapsLocked)),
		changed("thread securebits=noroot", prctl(prSetSecurebits, noRoot)),
		changed("thread securebits=no fixup", prctl(prSetSecurebits, noSetuidFixup)),
		changed("thread securebits=no ambient", prctl(prSetSecurebits, noCapAmbientRise)),
		changed("thread groups=3, 4", doWith(syscall.SYS_SETGROUPS, 1, []uint64{3 | 4<<32}, 2)),
		changed("thread unshare=NEWUTS", unshare(syscall.CLONE_NEWUTS)),
		changed("thread unshare=NEWIPC", unshare(syscall.CLONE_NEWIPC)),
		changed("thread unshare=NEWNS", unshare(syscall.CLONE_NEWNS)),
		changed("thread unshare=NEWNS, / shared", unshare(syscall.CLONE_NEWNS), shared),
		changed("thread unshare=NEWCGROUP", unshare(syscall.CLONE_NEWCGROUP)),
		// The next children are in the new namespace: the kernel refuses some
		// forms of clone then.
		changed("thread unshare=NEWPID", unshare(syscall.CLONE_NEWPID)),
		changed("thread unshare=NEWTIME", unshare(cloneNewTime)),
		changed("thread nice=-5", do(syscall.SYS_SETPRIORITY, 0, 0, ^uintptr(4))),
		changed("thread chroot=tree", unshare(syscall.CLONE_FS), func() error { return syscall.Chroot(fix.root) }),
		// Last, for they take away what the others need.
		changed("thread gid=65534", do(syscall.SYS_SETRESGID, 65534, 65534, 65534)),
		changed("thread uid=65534", do(syscall.SYS_SETRESUID, 65534, 65534, 65534)),
		changed("thread uid=65534, saved 0", do(syscall.SYS_SETRESUID, 65534, 65534, 0)),
	}
	for _, m := range list {
		if m.name == "thread chroot=tree" {
			m.apply = set(func(s *spec) {
				s.inTree = true
				// Without /proc/sys/fs/suid_dumpable ours must fork to be safe,
				// and a fork does not make the parent non-dumpable.
				s.known = append(s.known, "parent dumpable ")
			})
		}
		m.need = needRoot
		if m.name == "thread unshare=NEWTIME" {
			m.need = needTimeVfork
		}
	}
	return list
}

// Where the next children are in another time namespace, Linux 5.10 and 6.1 make none
// that shares memory: there the reference fails, and ours forks.
var needTimeVfork = sync.OnceValue(func() string {
	if why := needRoot(); why != "" {
		return why
	}
	ret := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread is thrown away
		err := do(syscall.SYS_UNSHARE, cloneNewTime)()
		if err == nil {
			var pid int
			if pid, err = syscall.ForkExec("/bin/true", []string{"true"}, nil); err == nil {
				_, err = syscall.Wait4(pid, nil, 0, nil)
			}
		}
		ret <- err
	}()
	if err := <-ret; err != nil {
		return "the reference in a thread with a new time namespace: " + err.Error()
	}
	return ""
})
