// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"syscall"
	"unsafe"

	"forkexec.example/forkexec/c"
	"forkexec.example/forkexec/go/internal/nofile"
)

// emit fills a request, and the memory it points to. It emits the same parts each time it is
// called with the same arguments. A field is set only with the flag that makes it count, as C
// wants it.
func emit(e *emitter, r *c.Request, argv0 string, argv []string, attr *syscall.ProcAttr, sys *syscall.SysProcAttr, opt *Options) {
	r.Size = uint64(unsafe.Sizeof(c.Request{}))
	r.Flags = c.BlockSignals | nofileFlag
	if nofileFlag != 0 {
		r.NofileSoft, r.NofileMax, r.NofileRaised = nofile.Limit[0], nofile.Limit[1], nofileRaised
	}
	r.Path = e.str(argv0, "argv0")
	r.Argv = e.strs(argv, "argv")
	r.Envp = e.strs(attr.Env, "Env")
	r.Chroot = e.optional(sys.Chroot, "Chroot")
	r.Dir = e.optional(attr.Dir, "Dir")
	emitFiles(e, r, attr.Files)
	emitSession(r, sys)
	emitNamespaces(e, r, sys)
	emitCredential(e, r, sys)
	if opt != nil {
		r.Flags |= c.CloseFds&flagIf(opt.CloseFDs) | c.KeepDumpable&flagIf(opt.KeepDumpable && sys.Credential != nil)
		emitOptions(e, r, opt)
	}
}

func emitFiles(e *emitter, r *c.Request, files []uintptr) {
	e.fds, r.Fds = array[int32](e, len(files))
	r.NFds = uint32(len(files))
	for i := range e.fds {
		e.fds[i] = narrow(int(files[i]))
	}
}

func emitSession(r *c.Request, sys *syscall.SysProcAttr) {
	r.Flags |= c.Setsid&flagIf(sys.Setsid) | c.Setpgid&flagIf(sys.Setpgid) | c.Foreground&flagIf(sys.Foreground) |
		c.Setctty&flagIf(sys.Setctty) | c.Noctty&flagIf(sys.Noctty) | c.Ptrace&flagIf(sys.Ptrace)
	if sys.Setpgid || sys.Foreground {
		r.Pgid = int32(sys.Pgid) // the kernel truncates it in the standard library's path, too
	}
	if sys.Setctty || sys.Foreground {
		r.Ctty = narrow(sys.Ctty)
	}
	r.Pdeathsig = narrow(int(sys.Pdeathsig))
}

func emitNamespaces(e *emitter, r *c.Request, sys *syscall.SysProcAttr) {
	r.CloneFlags, r.UnshareFlags = uint64(sys.Cloneflags), uint64(sys.Unshareflags)
	r.Flags |= c.Pidfd & flagIf(sys.PidFD != nil)
	if sys.UseCgroupFD {
		r.Flags |= c.CgroupFd
		r.CgroupFd = narrow(sys.CgroupFD)
	}
	if sys.UidMappings != nil {
		r.Flags |= c.UidMap
		r.UidMap, r.NUidMap = emitIDMap(e, sys.UidMappings)
	}
	if sys.GidMappings != nil {
		r.Flags |= c.GidMap | c.GidSetgroups&flagIf(sys.GidMappingsEnableSetgroups)
		r.GidMap, r.NGidMap = emitIDMap(e, sys.GidMappings)
	}
}

func emitIDMap(e *emitter, list []syscall.SysProcIDMap) (uintptr, uint32) {
	maps, p := array[c.IDMap](e, len(list))
	for i := range maps {
		maps[i] = c.IDMap{ContainerID: int64(list[i].ContainerID), HostID: int64(list[i].HostID), Size: int64(list[i].Size)}
	}
	return p, uint32(len(list))
}

func emitCredential(e *emitter, r *c.Request, sys *syscall.SysProcAttr) {
	var caps []uint64
	caps, r.AmbientCaps = array[uint64](e, len(sys.AmbientCaps))
	r.NAmbientCaps = uint32(len(sys.AmbientCaps))
	for i := range caps {
		caps[i] = uint64(sys.AmbientCaps[i])
	}
	if cred := sys.Credential; cred != nil {
		r.Flags |= c.Credential | c.NoSetGroups&flagIf(cred.NoSetGroups)
		r.Uid, r.Gid = cred.Uid, cred.Gid
		if cred.NoSetGroups { // Groups do not count then, and C would refuse them
			return
		}
		var groups []uint32
		groups, r.Groups = array[uint32](e, len(cred.Groups))
		r.NGroups = uint32(len(cred.Groups))
		copy(groups, cred.Groups)
	}
}

func flagIf(b bool) uint64 {
	if b {
		return ^uint64(0)
	}
	return 0
}
