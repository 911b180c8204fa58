// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package explain

import (
	"os"
	"syscall"

	forkexec "forkexec.example/forkexec/go"
)

func pointer[T any](value T) *T { return &value }

const unlimited = ^uint64(0)

// attributes are the failures of what only Options can ask for, Linux's own limits and
// privileges in the first place.
func attributes() []testCase {
	null := func(name string) *os.File {
		f, err := os.Open(name)
		must(err)
		return f
	}
	inherit := func(name string, fd int) func(string) { // for the command
		return func(string) { must(syscall.Dup3(int(null(name).Fd()), fd, 0)) }
	}
	lower := func(resource, soft, hard uint64) func(string) {
		return func(string) {
			must(syscall.Setrlimit(int(resource), &syscall.Rlimit{Cur: soft, Max: hard}))
		}
	}
	rlimit := func(resource int, cur, max uint64) *forkexec.Options {
		return &forkexec.Options{Rlimits: []forkexec.Rlimit{{Resource: resource, Cur: cur, Max: max}}}
	}
	scheduler := func(s forkexec.Scheduler) *forkexec.Options { return &forkexec.Options{Scheduler: &s} }
	namespace := func(fd int, kind uintptr) *forkexec.Options {
		return &forkexec.Options{Namespaces: []forkexec.Namespace{{FD: fd, Type: kind}}}
	}
	open := func(path string, flags int) *forkexec.Options {
		return &forkexec.Options{Open: []forkexec.OpenFile{{FD: 5, Path: path, Flags: flags}}}
	}
	list := []testCase{
		{name: "rlimit raised", user: true, inside: lower(syscall.RLIMIT_CORE, 5, 5), opt: rlimit(syscall.RLIMIT_CORE, 5, unlimited), args: "--rlimit core=5:unlimited true",
			step: forkexec.StepRlimit, errno: eperm, want: []string{"RLIMIT_CORE: to raise the hard limit from 5 to unlimited needs cap_sys_resource", "user 65534"}},
		{name: "rlimit upside down", opt: rlimit(syscall.RLIMIT_CORE, 5, 4), args: "--rlimit core=5:4 true", step: forkexec.StepRlimit, errno: einval,
			want: []string{"RLIMIT_CORE: the soft limit is above the hard one"}},
		{name: "rlimit of nothing", opt: rlimit(77, 5, 5), step: forkexec.StepRlimit, errno: einval, want: []string{"There is no such resource"}},
		{name: "rlimit beyond nr_open", root: true, opt: rlimit(syscall.RLIMIT_NOFILE, 1<<40, 1<<40), args: "--rlimit nofile=1099511627776 true",
			step: forkexec.StepRlimit, errno: eperm, want: []string{"RLIMIT_NOFILE cannot be above fs.nr_open, which is "}},
		{name: "oom score", user: true, opt: &forkexec.Options{OOMScoreAdj: pointer(-900)}, args: "--oom-score-adj -900 true", step: forkexec.StepOomScoreAdj, errno: acces,
			want: []string{"This process has ", "needs cap_sys_resource"}},
		{name: "oom score too high", opt: &forkexec.Options{OOMScoreAdj: pointer(1001)}, step: forkexec.StepOomScoreAdj, errno: einval, want: []string{"not between -1000 and 1000"}},
		{name: "nice", user: true, inside: lower(13, 0, 0), opt: &forkexec.Options{Nice: pointer(-5)}, args: "--nice -5 true", step: forkexec.StepNice, errno: acces,
			want: []string{"Nice value -5", "RLIMIT_NICE allows, which is 0", "cap_sys_nice"}},
		{name: "real time", user: true, inside: lower(14, 0, 0), opt: scheduler(forkexec.Scheduler{Policy: 1, Priority: 7}), args: "--sched fifo:7 true",
			step: forkexec.StepScheduler, errno: eperm, want: []string{"real-time policy of priority 7 needs cap_sys_nice", "RLIMIT_RTPRIO", "here that is 0"}},
		{name: "priority of none", opt: scheduler(forkexec.Scheduler{Policy: 3, Priority: 7}), step: forkexec.StepScheduler, errno: einval, want: []string{"Policy 3 has no priority"}},
		{name: "priority too high", opt: scheduler(forkexec.Scheduler{Policy: 2, Priority: 100}), step: forkexec.StepScheduler, errno: einval, want: []string{"Priority 100", "between 1 and 99"}},
		{name: "policy of nothing", opt: scheduler(forkexec.Scheduler{Policy: 99}), step: forkexec.StepScheduler, errno: einval, want: []string{"There is no such policy"}},
		{name: "deadline", root: true, opt: scheduler(forkexec.Scheduler{Policy: 6, Runtime: 5000, Deadline: 4000, Period: 9000}), args: "--sched deadline:5000:4000:9000 true",
			step: forkexec.StepScheduler, errno: einval, want: []string{"the runtime, 5000 ns, must be at least 1024 ns and no more than the deadline, 4000"}},
		{name: "no such processor", opt: &forkexec.Options{CPUs: []int{1000}}, args: "--affinity 1000 true", step: forkexec.StepAffinity, errno: einval,
			want: []string{"online are 0"}},
		{name: "no processor", opt: &forkexec.Options{CPUs: []int{}}, step: forkexec.StepAffinity, errno: einval, want: []string{"names no processor"}},
		{name: "ioprio", opt: &forkexec.Options{IOPriority: pointer(5 << 13)}, step: forkexec.StepIoprio, errno: einval, want: []string{"The class is not 0 to 3"}},
		{name: "umask", opt: &forkexec.Options{Umask: pointer(01000)}, step: forkexec.StepUmask, errno: einval, want: []string{"more than 0777"}},
		{name: "personality", opt: &forkexec.Options{Personality: pointer(^uint32(0))}, step: forkexec.StepPersonality, errno: einval,
			want: []string{"cannot run programs of that Personality", "0xffffffff, which only asks"}},
		{name: "keyring of the kernel", opt: &forkexec.Options{SessionKeyring: pointer(".mine")}, args: "--session-keyring=.mine true", step: forkexec.StepSessionKeyring,
			errno: eperm, want: []string{".mine", "The name of SessionKeyring begins with a dot"}, option: []string{"The name of --session-keyring begins with a dot"}},
		{name: "ignored kill", opt: &forkexec.Options{SignalIgnore: []syscall.Signal{9}}, args: "--sigignore KILL true", step: forkexec.StepSignalIgnore, errno: einval,
			want: []string{"SIGKILL and SIGSTOP cannot be ignored"}},
		{name: "default and ignored", opt: &forkexec.Options{SignalIgnore: []syscall.Signal{1}, SignalDefault: []syscall.Signal{1}}, args: "--sigignore HUP --sigdefault 1 true",
			step: forkexec.StepRequest, errno: einval, want: []string{"SIGHUP is both in SignalDefault and in SignalIgnore"}, option: []string{"SIGHUP is both in --sigdefault and in --sigignore"}},
		{name: "two nice values", opt: &forkexec.Options{Nice: pointer(3), Scheduler: &forkexec.Scheduler{Nice: 4}}, step: forkexec.StepRequest, errno: einval,
			want: []string{"Nice and the nice value in Scheduler differ"}},
		{name: "bounding", user: true, opt: &forkexec.Options{Capabilities: &forkexec.Capabilities{Bounding: pointer(uint64(0))}}, args: "--bounding-caps none true",
			step: forkexec.StepBounding, errno: eperm, want: []string{"To drop cap_chown from the bounding set needs cap_setpcap"}},
		{name: "inheritable", user: true, opt: &forkexec.Options{Capabilities: &forkexec.Capabilities{Inheritable: pointer(uint64(1))}}, args: "--inheritable-caps chown true",
			step: forkexec.StepCapset, errno: eperm, want: []string{"cap_chown is to be inheritable, but is not in the permitted set of this process (user 65534)"}},
		{name: "permitted", user: true, opt: &forkexec.Options{Capabilities: &forkexec.Capabilities{Permitted: pointer(uint64(1))}}, args: "--caps cap_chown=p true",
			step: forkexec.StepCapabilities, errno: eperm, want: []string{"cap_chown is to be permitted, but is not in the permitted set"}},
		{name: "effective", opt: &forkexec.Options{Capabilities: &forkexec.Capabilities{Permitted: pointer(uint64(0)), Effective: pointer(uint64(1))}}, args: "--caps cap_chown=e true",
			step: forkexec.StepCapabilities, errno: eperm, want: []string{"cap_chown is to be effective, but is not permitted"}},
		{name: "securebits", user: true, opt: &forkexec.Options{Securebits: pointer(uint(1))}, args: "--securebits noroot true", step: forkexec.StepSecurebits, errno: eperm,
			want: []string{"Securebits need cap_setpcap"}},
		{name: "ambient beyond inheritable", opt: &forkexec.Options{Capabilities: &forkexec.Capabilities{Inheritable: pointer(uint64(0)), Ambient: pointer(uint64(1))}},
			args: "--inheritable-caps none --ambient-caps chown true", step: forkexec.StepRequest, errno: einval,
			want: []string{"An ambient capability must be inheritable, too"}, option: []string{"must be inheritable, too: add it to --inheritable-caps"}},
		{name: "setns of nothing", opt: namespace(777, 0), args: "--setns 777 true", step: forkexec.StepSetns, errno: syscall.EBADF,
			want: []string{"Descriptor 777 of Namespaces is not open"}, option: []string{"Descriptor 777 of --setns is not open"}},
		{name: "setns of a file", inside: inherit("/dev/null", 9), opt: namespace(9, 0), args: "--setns 9 true", step: forkexec.StepSetns, errno: einval,
			want: []string{"Descriptor 9 is /dev/null, which is no namespace"}},
		{name: "setns of another type", inside: inherit("/proc/self/ns/net", 9), opt: namespace(9, syscall.CLONE_NEWUTS), args: "--setns uts=9 true", step: forkexec.StepSetns,
			errno: einval, want: []string{"Descriptor 9 is net:[", ", which is neither a namespace of that type nor a pidfd (Linux 5.8 or later)"}},
		{name: "setns of one's own users", root: true, inside: inherit("/proc/self/ns/user", 9), opt: namespace(9, 0), args: "--setns 9 true", step: forkexec.StepSetns,
			errno: einval, want: []string{"Descriptor 9 is user:[", "the user namespace that the child is in already"}},
		{name: "setns unprivileged", user: true, inside: inherit("/proc/self/ns/net", 9), opt: namespace(9, 0), args: "--setns 9 true", step: forkexec.StepSetns, errno: eperm,
			want: []string{"Descriptor 9 is net:[", "takes cap_sys_admin in the user namespace that owns it"}},
		{name: "fchdir of a file", opt: &forkexec.Options{DirFD: null("/dev/null")}, inside: inherit("/dev/null", 9), args: "--dir-fd 9 true", step: forkexec.StepFchdir,
			errno: syscall.ENOTDIR, want: []string{"/dev/null, which is not a directory"}},
		{name: "fchdir not open", args: "--dir-fd 777 true", step: forkexec.StepFchdir, errno: syscall.EBADF, option: []string{"--dir-fd is 777, which is not open"}},
		{name: "open missing", opt: open("/no/where", 0), args: "--open 5=/no/where true", step: forkexec.StepOpen, errno: noent,
			want: []string{"The file /no/where does not exist, because /no is missing already"}},
		{name: "open denied", user: true, root: true, opt: open("/etc/shadow", 0), args: "--open 5=/etc/shadow true", step: forkexec.StepOpen, errno: acces,
			want: []string{"/etc/shadow may not be read by user 65534", "use Files"}, option: []string{"use --fd"}},
		{name: "open another's namespace", user: true, root: true, opt: open("/proc/1/ns/net", 0), args: "--open 5=/proc/1/ns/net true", step: forkexec.StepOpen, errno: acces,
			want: []string{"Only who may trace process 1 may open /proc/1/ns/net: its user"}},
		{name: "open not to be made", user: true, root: true, opt: open("/etc/forkexec-new", syscall.O_CREAT|syscall.O_WRONLY), args: "--open 5=/etc/forkexec-new:w true",
			step: forkexec.StepOpen, errno: acces, want: []string{"/etc/forkexec-new does not exist, and may not be made in its folder by user 65534"}},
		{name: "open a folder", opt: open("/etc", syscall.O_RDWR), args: "--open 5=/usr:rw true", step: forkexec.StepOpen, errno: syscall.EISDIR,
			want: []string{" is a directory, which cannot be opened for writing"}},
		{name: "landlock unprivileged", user: true, privs: true, args: "--landlock rx:/ true", step: forkexec.StepLandlock, errno: eperm,
			option: []string{"A Landlock ruleset needs --no-new-privs, or cap_sys_admin"}},
		{name: "landlock by a file", opt: &forkexec.Options{Landlock: null("/dev/null"), NoNewPrivs: true}, inside: inherit("/dev/null", 9),
			args: "--no-new-privs --landlock 9 true", step: forkexec.StepLandlock, errno: syscall.EBADFD, want: []string{"/dev/null. That is no ruleset"}},
		{name: "landlock without a right", args: "--no-new-privs --landlock rw:/tmp true", step: forkexec.StepExecve, errno: acces,
			option: []string{"The ruleset of --landlock must give the right to execute"}},
		{name: "seccomp unprivileged", user: true, privs: true, opt: &forkexec.Options{Seccomp: &forkexec.Seccomp{Filter: []forkexec.SockFilter{{Code: 6, K: 0x7fff0000}}}},
			step: forkexec.StepSeccomp, errno: acces, want: []string{"A seccomp filter needs NoNewPrivs, or cap_sys_admin"}},
		{name: "seccomp malformed", opt: &forkexec.Options{NoNewPrivs: true, Seccomp: &forkexec.Seccomp{Filter: []forkexec.SockFilter{{Code: 0xffff}, {Code: 6}}}},
			step: forkexec.StepSeccomp, errno: einval, want: []string{"Instruction 1 of 2 in Seccomp, of code 0xffff, is none", "seccomp flags 0x0: "},
			setup: filterFile([]forkexec.SockFilter{{Code: 0xffff}, {Code: 6}}), args: "--no-new-privs --seccomp DIR/filter true",
			option: []string{"seccomp flags 0x0: ", "Instruction 1 of 2 in --seccomp, of code 0xffff, is none"}},
		{name: "seccomp empty", opt: &forkexec.Options{NoNewPrivs: true, Seccomp: &forkexec.Seccomp{}}, step: forkexec.StepSeccomp, errno: einval,
			want: []string{"Seccomp is empty"}},
		{name: "pause nowhere", opt: &forkexec.Options{PauseAt: 999}, step: forkexec.StepRequest, errno: einval, field: "PauseAt",
			want: []string{"PauseAt: step 999 does not exist. Name another."}},
		{name: "ambient of Capabilities", root: true, opt: &forkexec.Options{Capabilities: &forkexec.Capabilities{Ambient: pointer(uint64(1) << 61)}}, step: forkexec.StepAmbient,
			errno: einval, want: []string{"61 does not exist on this kernel"}, field: "Capabilities.Ambient"},
		{name: "hook", opt: &forkexec.Options{OnExec: func(int) error { return syscall.EIO }}, args: "--on-exec false true", step: forkexec.StepStopExec,
			errno: syscall.ECANCELED, want: []string{"OnExec has returned an error"}, option: []string{"--on-exec has returned an error"}},
	}
	for i := range list {
		if list[i].opt != nil {
			list[i].start = program("/bin/true")
		}
		list[i].args = asArgs(list[i].args)
	}
	return list
}

// asArgs is the command line; the program is one that every system has there.
func asArgs(args string) string {
	if n := len(args); n > 5 && args[n-5:] == " true" {
		return args[:n-5] + " /bin/true"
	}
	return args
}
