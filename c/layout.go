// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && cgo && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package c

/*
#include "forkexec.h"
*/
import "C"

import "unsafe"

// The Go mirrors of request.go against the C structs: a constant expression below
// overflows, and the package does not compile, where two numbers differ.
const (
	_ = -(unsafe.Sizeof(Request{}) ^ C.sizeof_struct_forkexec_request)
	_ = -(unsafe.Offsetof(Request{}.Size) ^ unsafe.Offsetof(C.struct_forkexec_request{}.size))
	_ = -(unsafe.Offsetof(Request{}.Flags) ^ unsafe.Offsetof(C.struct_forkexec_request{}.flags))
	_ = -(unsafe.Offsetof(Request{}.Path) ^ unsafe.Offsetof(C.struct_forkexec_request{}.path))
	_ = -(unsafe.Offsetof(Request{}.Argv) ^ unsafe.Offsetof(C.struct_forkexec_request{}.argv))
	_ = -(unsafe.Offsetof(Request{}.Envp) ^ unsafe.Offsetof(C.struct_forkexec_request{}.envp))
	_ = -(unsafe.Offsetof(Request{}.Chroot) ^ unsafe.Offsetof(C.struct_forkexec_request{}.chroot))
	_ = -(unsafe.Offsetof(Request{}.Dir) ^ unsafe.Offsetof(C.struct_forkexec_request{}.dir))
	_ = -(unsafe.Offsetof(Request{}.Fds) ^ unsafe.Offsetof(C.struct_forkexec_request{}.fds))
	_ = -(unsafe.Offsetof(Request{}.Groups) ^ unsafe.Offsetof(C.struct_forkexec_request{}.groups))
	_ = -(unsafe.Offsetof(Request{}.UidMap) ^ unsafe.Offsetof(C.struct_forkexec_request{}.uid_map))
	_ = -(unsafe.Offsetof(Request{}.GidMap) ^ unsafe.Offsetof(C.struct_forkexec_request{}.gid_map))
	_ = -(unsafe.Offsetof(Request{}.AmbientCaps) ^ unsafe.Offsetof(C.struct_forkexec_request{}.ambient_caps))
	_ = -(unsafe.Offsetof(Request{}.NFds) ^ unsafe.Offsetof(C.struct_forkexec_request{}.n_fds))
	_ = -(unsafe.Offsetof(Request{}.NGroups) ^ unsafe.Offsetof(C.struct_forkexec_request{}.n_groups))
	_ = -(unsafe.Offsetof(Request{}.NUidMap) ^ unsafe.Offsetof(C.struct_forkexec_request{}.n_uid_map))
	_ = -(unsafe.Offsetof(Request{}.NGidMap) ^ unsafe.Offsetof(C.struct_forkexec_request{}.n_gid_map))
	_ = -(unsafe.Offsetof(Request{}.NAmbientCaps) ^ unsafe.Offsetof(C.struct_forkexec_request{}.n_ambient_caps))
	_ = -(unsafe.Offsetof(Request{}.Ctty) ^ unsafe.Offsetof(C.struct_forkexec_request{}.ctty))
	_ = -(unsafe.Offsetof(Request{}.Pgid) ^ unsafe.Offsetof(C.struct_forkexec_request{}.pgid))
	_ = -(unsafe.Offsetof(Request{}.Pdeathsig) ^ unsafe.Offsetof(C.struct_forkexec_request{}.pdeathsig))
	_ = -(unsafe.Offsetof(Request{}.Uid) ^ unsafe.Offsetof(C.struct_forkexec_request{}.uid))
	_ = -(unsafe.Offsetof(Request{}.Gid) ^ unsafe.Offsetof(C.struct_forkexec_request{}.gid))
	_ = -(unsafe.Offsetof(Request{}.CgroupFd) ^ unsafe.Offsetof(C.struct_forkexec_request{}.cgroup_fd))
	_ = -(unsafe.Offsetof(Request{}.TextBusyMs) ^ unsafe.Offsetof(C.struct_forkexec_request{}.text_busy_ms))
	_ = -(unsafe.Offsetof(Request{}.CloneFlags) ^ unsafe.Offsetof(C.struct_forkexec_request{}.clone_flags))
	_ = -(unsafe.Offsetof(Request{}.UnshareFlags) ^ unsafe.Offsetof(C.struct_forkexec_request{}.unshare_flags))
	_ = -(unsafe.Offsetof(Request{}.NofileSoft) ^ unsafe.Offsetof(C.struct_forkexec_request{}.nofile_soft))
	_ = -(unsafe.Offsetof(Request{}.NofileMax) ^ unsafe.Offsetof(C.struct_forkexec_request{}.nofile_max))
	_ = -(unsafe.Offsetof(Request{}.NofileRaised) ^ unsafe.Offsetof(C.struct_forkexec_request{}.nofile_raised))
	_ = -(unsafe.Offsetof(Request{}.ErrnoPipe) ^ unsafe.Offsetof(C.struct_forkexec_request{}.errno_pipe))
	_ = -(unsafe.Offsetof(Request{}.Reserved) ^ unsafe.Offsetof(C.struct_forkexec_request{}.reserved))
	_ = -(unsafe.Offsetof(Request{}.Work) ^ unsafe.Offsetof(C.struct_forkexec_request{}.work))
	_ = -(unsafe.Offsetof(Request{}.WorkSize) ^ unsafe.Offsetof(C.struct_forkexec_request{}.work_size))
	_ = -(unsafe.Sizeof(Result{}) ^ C.sizeof_struct_forkexec_result)
	_ = -(unsafe.Offsetof(Result{}.Pid) ^ unsafe.Offsetof(C.struct_forkexec_result{}.pid))
	_ = -(unsafe.Offsetof(Result{}.Pidfd) ^ unsafe.Offsetof(C.struct_forkexec_result{}.pidfd))
	_ = -(unsafe.Offsetof(Result{}.Step) ^ unsafe.Offsetof(C.struct_forkexec_result{}.step))
	_ = -(unsafe.Offsetof(Result{}.Err) ^ unsafe.Offsetof(C.struct_forkexec_result{}.err))
	_ = -(unsafe.Offsetof(Result{}.Detail) ^ unsafe.Offsetof(C.struct_forkexec_result{}.detail))
	_ = -(unsafe.Sizeof(State{}) ^ C.sizeof_struct_forkexec_state)
	_ = -(unsafe.Offsetof(State{}.Bits) ^ unsafe.Offsetof(C.struct_forkexec_state{}.bits))
	_ = -(unsafe.Offsetof(State{}.NofileSoft) ^ unsafe.Offsetof(C.struct_forkexec_state{}.nofile_soft))
	_ = -(unsafe.Offsetof(State{}.NofileMax) ^ unsafe.Offsetof(C.struct_forkexec_state{}.nofile_max))
	_ = -(unsafe.Offsetof(State{}.NofileRaised) ^ unsafe.Offsetof(C.struct_forkexec_state{}.nofile_raised))
	_ = -(unsafe.Offsetof(State{}.hold) ^ unsafe.Offsetof(C.struct_forkexec_state{}.hold))
	_ = -(unsafe.Sizeof(IDMap{}) ^ C.sizeof_struct_forkexec_id_map)

	_ = -(Setsid ^ C.FORKEXEC_SETSID)
	_ = -(Setpgid ^ C.FORKEXEC_SETPGID)
	_ = -(Foreground ^ C.FORKEXEC_FOREGROUND)
	_ = -(Setctty ^ C.FORKEXEC_SETCTTY)
	_ = -(Noctty ^ C.FORKEXEC_NOCTTY)
	_ = -(Ptrace ^ C.FORKEXEC_PTRACE)
	_ = -(Credential ^ C.FORKEXEC_CREDENTIAL)
	_ = -(NoSetGroups ^ C.FORKEXEC_NO_SETGROUPS)
	_ = -(UidMap ^ C.FORKEXEC_UID_MAP)
	_ = -(GidMap ^ C.FORKEXEC_GID_MAP)
	_ = -(GidSetgroups ^ C.FORKEXEC_GID_SETGROUPS)
	_ = -(CgroupFd ^ C.FORKEXEC_CGROUP_FD)
	_ = -(Pidfd ^ C.FORKEXEC_PIDFD)
	_ = -(Nofile ^ C.FORKEXEC_NOFILE)
	_ = -(CloseFds ^ C.FORKEXEC_CLOSE_FDS)
	_ = -(Vfork ^ C.FORKEXEC_VFORK)
	_ = -(KeepDumpable ^ C.FORKEXEC_KEEP_DUMPABLE)
	_ = -(StateNoClone3 ^ C.FORKEXEC_STATE_NO_CLONE3)
)
