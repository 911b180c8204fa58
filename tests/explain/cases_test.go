// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package explain

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
)

const (
	noent, acces, noexecErr = syscall.ENOENT, syscall.EACCES, syscall.ENOEXEC
	eperm, einval           = syscall.EPERM, syscall.EINVAL
	newuser                 = syscall.CLONE_NEWUSER
)

func cases() []testCase {
	return slices.Concat(programs(), formats(), directories(), namespaces(), rest(), attributes(), systemWide(), searched())
}

func programs() []testCase {
	nested := func(t *testing.T, dir string) { file("s", "#!DIR/s\n", 0o755)(t, dir) }
	unreadable := both(folder("closed", 0o755), file("closed/p", "#!/bin/sh\n", 0o755), folder("closed", 0o700))
	return []testCase{
		{name: "missing", start: program("DIR/no"), args: "DIR/no", step: forkexec.StepExecve, errno: noent,
			want: []string{"The program DIR/no does not exist. Create it"}},
		{name: "no search in PATH", start: program("ls"), step: forkexec.StepExecve, errno: noent,
			want: []string{"The program ls does not exist", "no search in PATH"}},
		{name: "nowhere in PATH", args: "no-such-program-anywhere", step: forkexec.StepExecve, errno: noent,
			option: []string{"no such program in the folders of PATH"}},
		{name: "folder missing", start: program("DIR/a/b/c"), args: "DIR/a/b/c", step: forkexec.StepExecve, errno: noent,
			want: []string{"because DIR/a is missing already"}},
		{name: "dangling link", setup: link("l", "/no/where"), start: program("DIR/l"), args: "DIR/l", step: forkexec.StepExecve, errno: noent,
			want: []string{"DIR/l is a symbolic link to /no/where, which does not exist"}},
		{name: "link to itself", setup: link("l", "l"), start: program("DIR/l"), args: "DIR/l", step: forkexec.StepExecve, errno: syscall.ELOOP,
			want: []string{"DIR/l is a symbolic link that leads back to itself"}},
		{name: "interpreter missing", setup: file("s", "#!/usr/bin/pyhton -u\n", 0o755), start: program("DIR/s"), args: "DIR/s",
			step: forkexec.StepExecve, errno: noent,
			want: []string{`The first line of DIR/s, "#!/usr/bin/pyhton -u", names the interpreter /usr/bin/pyhton`, "does not exist"}},
		{name: "carriage return", setup: file("s", "#!/bin/sh\r\n", 0o755), start: program("DIR/s"), args: "DIR/s",
			step: forkexec.StepExecve, errno: noent, want: []string{`"#!/bin/sh\x0d"`, "ends in a carriage return", `sed -i 's/\r$//' DIR/s`}},
		{name: "loader missing", setup: changed("p", withoutLoader), start: program("DIR/p"), args: "DIR/p", step: forkexec.StepExecve, errno: noent,
			want: []string{"DIR/p asks for the loader /", "ELF PT_INTERP", "does not exist"}},
		{name: "loader is a directory", setup: changed("p", directoryLoader), start: program("DIR/p"), args: "DIR/p", step: forkexec.StepExecve, errno: acces,
			want: []string{"That loader /etc is a directory, which cannot be executed. Name another loader."}},
		{name: "dangling absolute link", setup: link("l", "/no/where"), start: program("./l"), args: "./l", step: forkexec.StepExecve, errno: noent,
			want: []string{"./l is a symbolic link to /no/where, which does not exist. Correct the link."}},
		{name: "relative to Dir", start: func(dir string) (string, *attr) { return "./no", &attr{Dir: dir} }, args: "--dir DIR ./no",
			step: forkexec.StepExecve, errno: noent, want: []string{"The program DIR/./no does not exist"}},
		{name: "inside Chroot", root: true, start: func(dir string) (string, *attr) { return "/bin/true", &attr{Sys: &sysAttr{Chroot: dir}} },
			args: "--chroot DIR /bin/true", step: forkexec.StepExecve, errno: noent,
			want:   []string{"/bin/true does not exist, because /bin is missing already, inside Chroot DIR"},
			option: []string{"/bin/true does not exist, because /bin is missing already, inside --chroot DIR"}},
		{name: "no x bit", setup: file("p", "#!/bin/sh\n", 0o644), start: program("DIR/p"), args: "DIR/p", step: forkexec.StepExecve, errno: acces,
			want: []string{"The program DIR/p has no x bit (mode 0644, owner ", "), so nobody can execute it. Use chmod +x."}},
		{name: "not for this user", user: true, setup: both(file("p", "#!/bin/sh\n", 0o700)), root: true, start: program("DIR/p"), args: "DIR/p",
			step: forkexec.StepExecve, errno: acces, want: []string{"may not be executed by user 65534", "mode 0700, owner 0:0"}},
		{name: "a directory", setup: folder("f", 0o755), start: program("DIR/f"), args: "DIR/f", step: forkexec.StepExecve, errno: acces,
			want: []string{"The program DIR/f is a directory"}},
		{name: "a FIFO", setup: func(t *testing.T, dir string) { must(syscall.Mkfifo(dir+"/f", 0o755)) }, start: program("DIR/f"), args: "DIR/f",
			step: forkexec.StepExecve, errno: acces, want: []string{"DIR/f is a FIFO"}},
		{name: "noexec mount", root: true, setup: noexec, start: program("DIR/mnt/program"), args: "DIR/mnt/program",
			step: forkexec.StepExecve, errno: acces, want: []string{"mounted at DIR/mnt with the option noexec", "remount"}},
		{name: "interpreter not executable", setup: both(file("i", "x", 0o644), file("s", "#!DIR/i\n", 0o755)), start: program("DIR/s"), args: "DIR/s",
			step: forkexec.StepExecve, errno: acces, want: []string{"names the interpreter DIR/i", "interpreter DIR/i has no x bit"}},
		{name: "path not searchable", user: true, root: true, setup: unreadable, start: program("DIR/closed/p"), args: "DIR/closed/p",
			step: forkexec.StepExecve, errno: acces, want: []string{"DIR/closed may not be searched by user 65534", "mode 0700"}},
		{name: "behind a link", user: true, root: true, setup: both(unreadable, link("l", "DIR/closed/p")), start: program("DIR/l"), args: "DIR/l",
			step: forkexec.StepExecve, errno: acces, want: []string{"DIR/closed may not be searched by user 65534"}},
		{name: "part is a file", setup: file("p", "x", 0o644), start: program("DIR/p/q"), args: "DIR/p/q", step: forkexec.StepExecve, errno: syscall.ENOTDIR,
			want: []string{"DIR/p in this path is a regular file, not a directory"}},
		{name: "name too long", start: program("DIR/" + strings.Repeat("x", 256)), args: "DIR/" + strings.Repeat("x", 256),
			step: forkexec.StepExecve, errno: syscall.ENAMETOOLONG, want: []string{"more than the 255 bytes"}},
		{name: "path too long", start: program("/" + strings.Repeat("x/", 2100)), args: "/" + strings.Repeat("x/", 2100),
			step: forkexec.StepExecve, errno: syscall.ENAMETOOLONG, want: []string{"The path has 4201 bytes; 4095 are allowed"}},
		{name: "scripts of scripts", setup: nested, start: program("DIR/s"), args: "DIR/s", step: forkexec.StepExecve, errno: syscall.ELOOP,
			want: []string{"DIR/s is a script whose interpreter is a script", "follows 5"}},
		{name: "text busy", setup: writer, start: program("DIR/program"), args: "DIR/program", step: forkexec.StepExecve, errno: syscall.ETXTBSY,
			want:   []string{"Process ", ".test) has DIR/program open for writing, as descriptor", "see TextBusyTimeout"},
			option: []string{".test) has DIR/program open for writing, as descriptor", "see --text-busy"}},
	}
}

func formats() []testCase {
	format := func(name, text string, want ...string) testCase {
		return testCase{name: name, setup: file("p", text, 0o755), start: program("DIR/p"), args: "DIR/p", step: forkexec.StepExecve,
			errno: noexecErr, want: want}
	}
	other := format("another machine", "", "DIR/p is a program for another machine: Itanium")
	other.setup = changed("p", func(b []byte) []byte { b[18], b[19] = 50, 0; return b })
	cut := format("cut off", "", "DIR/p is an ELF file, but not a complete program")
	cut.setup = changed("p", func(b []byte) []byte { return b[:40] })
	return []testCase{
		format("empty", "", "DIR/p is empty"),
		format("no #!", "echo hello\n", "neither a program for this machine nor does it begin with #!"),
		format("#! without a name", "#!   \n", "names no interpreter"),
		format("#! too long", "#!/"+strings.Repeat("x", 300)+"\n", "longer than the 256 bytes"),
		format("for Windows", "MZ......", "a program for Windows"),
		format("for macOS", "\xcf\xfa\xed\xfe....", "a program for macOS"),
		format("UTF-8 BOM", "\xef\xbb\xbf#!/bin/sh\n", "begins with a byte order mark", `sed -i '1s/^\xef\xbb\xbf//' DIR/p`),
		format("UTF-16", "\xff\xfe#\x00!\x00", "is text in UTF-16", "iconv -f UTF-16 -t UTF-8"),
		other, cut,
		{name: "argument too long", start: program("/bin/true"), step: forkexec.StepExecve, errno: syscall.E2BIG,
			want: []string{"argv[1] has 200000 bytes; the kernel takes no string of more than 131071"}},
		{name: "variable too long", step: forkexec.StepExecve, errno: syscall.E2BIG,
			start: func(string) (string, *attr) {
				return "/bin/true", &attr{Env: []string{"A=b", "LONG=" + strings.Repeat("x", 200000)}}
			},
			want: []string{"Env[1] (LONG) has 200005 bytes"}},
		{name: "all too long", inside: limit(syscall.RLIMIT_STACK, 1<<20), step: forkexec.StepExecve, errno: syscall.E2BIG,
			start: func(string) (string, *attr) {
				return "/bin/true", &attr{Env: strings.Split(strings.Repeat("X="+strings.Repeat("y", 1000)+" ", 5000), " ")}
			},
			want: []string{"a quarter of RLIMIT_STACK", "that limit is 1048576"}},
	}
}

func directories() []testCase {
	dir := func(name string) func(string) (string, *attr) {
		return func(d string) (string, *attr) { return "/bin/true", &attr{Dir: strings.ReplaceAll(name, "DIR", d)} }
	}
	root := func(name string) func(string) (string, *attr) {
		return func(d string) (string, *attr) {
			return "/bin/true", &attr{Sys: &sysAttr{Chroot: strings.ReplaceAll(name, "DIR", d)}}
		}
	}
	other := &syscall.Credential{Uid: 1000, Gid: 1000}
	return []testCase{
		{name: "Dir missing", start: dir("DIR/x/y"), args: "--dir DIR/x/y true", step: forkexec.StepChdir, errno: noent,
			want: []string{"The working directory DIR/x/y does not exist, because DIR/x is missing already"}},
		{name: "Dir is a file", setup: file("f", "", 0o644), start: dir("DIR/f"), args: "--dir DIR/f true", step: forkexec.StepChdir,
			errno: syscall.ENOTDIR, want: []string{"DIR/f is a regular file, not a directory"}},
		{name: "Dir closed", root: true, setup: folder("c", 0o700), args: "--uid 1000 --gid 1000 --dir DIR/c true", step: forkexec.StepChdir, errno: acces,
			start: func(d string) (string, *attr) {
				return "/bin/true", &attr{Dir: d + "/c", Sys: &sysAttr{Credential: other}}
			},
			want: []string{"DIR/c may not be searched by user 1000, group 1000 (mode 0700, owner 0:0)"}},
		{name: "Dir inside Chroot", root: true, args: "--chroot DIR --dir /x true", step: forkexec.StepChdir, errno: noent,
			start:  func(d string) (string, *attr) { return "/bin/true", &attr{Dir: "/x", Sys: &sysAttr{Chroot: d}} },
			want:   []string{"The working directory /x does not exist, inside Chroot DIR"},
			option: []string{"The working directory /x does not exist, inside --chroot DIR"}},
		{name: "Chroot missing", root: true, start: root("DIR/r"), args: "--chroot DIR/r true", step: forkexec.StepChroot, errno: noent,
			want: []string{"The root directory DIR/r does not exist"}},
		{name: "Chroot is a file", root: true, setup: file("f", "", 0o644), start: root("DIR/f"), args: "--chroot DIR/f true",
			step: forkexec.StepChroot, errno: syscall.ENOTDIR, want: []string{"DIR/f is a regular file"}},
		{name: "Chroot not allowed", user: true, start: root("/tmp"), args: "--chroot /tmp true", step: forkexec.StepChroot, errno: eperm,
			want:   []string{"needs cap_sys_chroot, which this process (user 65534) does not have", "CLONE_NEWUSER in Cloneflags"},
			option: []string{"needs cap_sys_chroot, which this process (user 65534) does not have", "(user in --clone"}},
	}
}

func namespaces() []testCase {
	maps := func(m ...syscall.SysProcIDMap) func(string) (string, *attr) {
		return with(sysAttr{Cloneflags: newuser, UidMappings: m})
	}
	m := func(inside, outside, n int) syscall.SysProcIDMap {
		return syscall.SysProcIDMap{ContainerID: inside, HostID: outside, Size: n}
	}
	id := func(name, text string, list ...syscall.SysProcIDMap) testCase {
		return testCase{name: name, start: maps(list...), step: forkexec.StepUIDMap, errno: einval, want: []string{text},
			option: []string{strings.ReplaceAll(text, "UidMappings", "--uid-map")}}
	}
	top := int64(4294967294) // more than an int of 32 bits
	size, twice, range_, empty, long := id("map of size 0", `Line 2 of UidMappings, "1 5 0", maps no ID`, m(0, 0, 1), m(1, 5, 0)),
		id("map overlaps", `Line 2 of UidMappings, "1 0 1", overlaps line 1, "0 0 1"`, m(0, 0, 1), m(1, 0, 1)),
		id("map beyond", `"0 4294967294 5", goes beyond the IDs that there are`, m(0, int(top), 5)),
		testCase{name: "map empty", step: forkexec.StepUIDMap, errno: einval, want: []string{"UidMappings is empty"},
			start: with(sysAttr{Cloneflags: newuser, UidMappings: []syscall.SysProcIDMap{}})},
		id("map too long", "UidMappings has 341 lines; the kernel takes 340", many(341)...)
	size.args = "--clone user --uid-map 0:0:1 --uid-map 1:5:0 true"
	twice.args = "--clone user --uid-map 0:0:1 --uid-map 1:0:1 true"
	range_.args = "--clone user --uid-map 0:4294967294:5 true"
	long.args = "--clone user " + lines("--uid-map", 341) + "true"
	return []testCase{size, twice, range_, empty, long,
		{name: "map without namespace", start: with(sysAttr{UidMappings: []syscall.SysProcIDMap{m(0, 0, 1)}}), args: "--uid-map 0:0:1 true",
			step: forkexec.StepUIDMap, errno: einval, want: []string{"is for a new user namespace, and the child gets none"}},
		{name: "map not granted", user: true, start: maps(m(0, nobody, 1), m(1, 100000, 10)), step: forkexec.StepUIDMap, errno: eperm,
			args: "--clone user --uid-map 0:65534:1 --uid-map 1:100000:10 true",
			want: []string{`Line 2 of `, `"1 100000 10"`, "no cap_setuid", "only one line", "newuidmap(1)", "/etc/subuid"}},
		{name: "gid map with setgroups", user: true, step: forkexec.StepGIDMap, errno: eperm,
			start: with(sysAttr{Cloneflags: newuser, UidMappings: []syscall.SysProcIDMap{m(0, nobody, 1)},
				GidMappings: []syscall.SysProcIDMap{m(0, nobody, 1)}, GidMappingsEnableSetgroups: true}),
			args:   "--clone user --uid-map 0:65534:1 --gid-map 0:65534:1 --setgroups allow true",
			want:   []string{"no cap_setgid", "only without GidMappingsEnableSetgroups"},
			option: []string{"no cap_setgid", "only without --setgroups allow"}},
		{name: "map by the child", root: true, start: with(sysAttr{Unshareflags: newuser, UidMappings: []syscall.SysProcIDMap{m(0, 7, 1)}}),
			args: "--unshare user --uid-map 0:7:1 true", step: forkexec.StepUIDMap, errno: eperm,
			want:   []string{"which writes its maps itself with Unshareflags", "own user ID 0", "Use Cloneflags"},
			option: []string{"which writes its maps itself with --unshare", "own user ID 0", "Use --clone"}},
		{name: "flag that shares", start: with(sysAttr{Cloneflags: syscall.CLONE_VM}), args: "--clone 0x100 true", step: forkexec.StepClone,
			errno: einval, want: []string{"CLONE_VM", "would share the caller's own state"}},
		{name: "flag that is none", start: with(sysAttr{Cloneflags: syscall.CLONE_SETTLS}), args: "--clone 0x80000 true", step: forkexec.StepClone,
			errno: einval, want: []string{"CLONE_SETTLS", "is no namespace"}},
		{name: "namespace not allowed", user: true, start: with(sysAttr{Cloneflags: syscall.CLONE_NEWNET}), args: "--clone net true",
			step: forkexec.StepClone, errno: eperm, want: []string{"CLONE_NEWNET needs cap_sys_admin", "add CLONE_NEWUSER to Cloneflags"},
			option: []string{"CLONE_NEWNET needs cap_sys_admin", "add user to --clone"}},
		{name: "unshare not allowed", user: true, start: with(sysAttr{Unshareflags: syscall.CLONE_NEWUTS}), args: "--unshare uts true",
			step: forkexec.StepUnshare, errno: eperm, want: []string{"CLONE_NEWUTS needs cap_sys_admin", "add CLONE_NEWUSER to Unshareflags"},
			option: []string{"CLONE_NEWUTS needs cap_sys_admin", "add user to --unshare"}},
		{name: "sysctl", userns: true, inside: sysctl("user/max_net_namespaces", "0"), start: with(sysAttr{Cloneflags: syscall.CLONE_NEWNET}),
			args: "--clone net true", step: forkexec.StepClone, errno: syscall.ENOSPC, want: []string{"user.max_net_namespaces is 0 here"}},
		{name: "seccomp filter", inside: noUnshare, start: with(sysAttr{Unshareflags: newuser}), args: "--unshare user true",
			step: forkexec.StepUnshare, errno: eperm, want: []string{"CLONE_NEWUSER is forbidden", "A seccomp filter is on this process", sayContainer()}},
		{name: "no cgroup", root: true, setup: link("cgroup", "/tmp"), start: intoCgroup, args: "--cgroup DIR/cgroup true",
			step: forkexec.StepClone, errno: syscall.EBADF, want: []string{"/tmp, and not the directory of a cgroup v2"}, field: "UseCgroupFD"},
		{name: "cgroup closed", start: with(sysAttr{UseCgroupFD: true, CgroupFD: 9999}), args: "--cgroup 9999 true",
			step: forkexec.StepClone, errno: syscall.EBADF, want: []string{"is 9999, which is not open"}, field: "UseCgroupFD"},
		{name: "old cgroup", root: true, setup: oldCgroup, start: intoCgroup, args: "--cgroup DIR/cgroup true",
			step: forkexec.StepClone, errno: syscall.EBADF, want: []string{"a cgroup of version 1"}, field: "UseCgroupFD"},
		{name: "invalid cgroup", root: true, setup: invalidCgroup, start: intoCgroup, args: "--cgroup DIR/cgroup true",
			step: forkexec.StepClone, errno: syscall.EOPNOTSUPP, want: []string{`The cgroup is of type "domain invalid" (cgroup.type), which holds no process. Write "threaded"`}, field: "UseCgroupFD"},
		{name: "full cgroup", root: true, setup: fullCgroup, start: intoCgroup, args: "--cgroup DIR/cgroup true",
			step: forkexec.StepClone, errno: syscall.EBUSY, want: []string{"controllers enabled for its children (cgroup.subtree_control: "}, field: "UseCgroupFD"},
		{name: "groups without a map", root: true, start: with(sysAttr{Cloneflags: newuser, UidMappings: []syscall.SysProcIDMap{m(0, 0, 1)}, Credential: &syscall.Credential{}}),
			args: "--clone user --uid-map 0:0:1 --uid 0 --gid 0 true", step: forkexec.StepSetgroups, errno: eperm,
			want:   []string{"has no group map, and without one setgroups(2) and setgid(2) fail. Give GidMappings."},
			option: []string{"has no group map, and without one setgroups(2) and setgid(2) fail. Give --gid-map."}},
		{name: "uid not mapped", start: with(sysAttr{Cloneflags: newuser, UidMappings: []syscall.SysProcIDMap{m(0, os.Geteuid(), 1)},
			GidMappings: []syscall.SysProcIDMap{m(0, os.Getegid(), 1)}, Credential: &syscall.Credential{Uid: 5}}), root: true,
			args: "--clone user --uid-map 0:0:1 --gid-map 0:0:1 --uid 5 --gid 0 true", step: forkexec.StepSetuid, errno: einval,
			want: []string{"Credential.Uid is 5, which no line", "Add it to UidMappings"}, option: []string{"--uid is 5, which no line", "Add it to --uid-map"}},
	}
}

func rest() []testCase {
	capability := func(n uintptr) func(string) (string, *attr) { return with(sysAttr{AmbientCaps: []uintptr{n}}) }
	ctty := func(open func() uintptr, sys sysAttr) func(string) (string, *attr) {
		return func(string) (string, *attr) {
			s := sys
			return "/bin/true", &attr{Files: []uintptr{open(), 1, 2}, Sys: &s}
		}
	}
	null := func() uintptr { fd, err := syscall.Open("/dev/null", 0, 0); must(err); return uintptr(fd) }
	return []testCase{
		{name: "no such capability", root: true, start: capability(60), args: "--ambient-caps 60 true", step: forkexec.StepAmbient, errno: einval,
			want: []string{"60 does not exist on this kernel, whose last one is"}},
		{name: "capability not permitted", user: true, start: capability(13), args: "--ambient-caps cap_net_raw true", step: forkexec.StepCapset,
			errno: eperm, want: []string{"cap_net_raw is not in the permitted set of this process (user 65534)"}},
		{name: "capability not in the bounding set", root: true, inside: dropBounding(13), start: capability(13), args: "--ambient-caps net_raw true",
			step: forkexec.StepCapset, errno: eperm, want: []string{"cap_net_raw is missing in the bounding set", "CapBnd"}},
		{name: "setuid not allowed", user: true, start: with(sysAttr{Credential: &syscall.Credential{Uid: 0, Gid: uint32(nobody), NoSetGroups: true}}),
			args: "--uid 0 --gid 65534 --no-setgroups true", step: forkexec.StepSetuid, errno: eperm,
			want: []string{"To become user 0 needs cap_setuid, which this process (user 65534) does not have"}},
		{name: "setgid not allowed", user: true, start: with(sysAttr{Credential: &syscall.Credential{Uid: uint32(nobody), Gid: 0, NoSetGroups: true}}),
			args: "--gid 0 --no-setgroups true", step: forkexec.StepSetgid, errno: eperm,
			want: []string{"To become group 0 needs cap_setgid, which this process (user 65534) does not have"}},
		{name: "setgroups not allowed", user: true, start: with(sysAttr{Credential: &syscall.Credential{Uid: uint32(nobody), Gid: uint32(nobody)}}),
			args: "--uid 65534 --gid 65534 true", step: forkexec.StepSetgroups, errno: eperm, want: []string{"needs cap_setgid", "NoSetGroups"},
			option: []string{"needs cap_setgid", "--no-setgroups"}},
		{name: "setgroups of another user", user: true, start: with(sysAttr{Credential: &syscall.Credential{Uid: 1, Gid: 1}}),
			args: "--uid 1 --gid 1 true", step: forkexec.StepSetgroups, errno: eperm,
			want: []string{"Other user or group IDs need cap_setuid and cap_setgid as well: start as root."}},
		{name: "not a terminal", start: ctty(null, sysAttr{Setsid: true, Setctty: true}), args: "--setsid --setctty --fd 0=/dev/null true",
			step: forkexec.StepSetctty, errno: syscall.ENOTTY, want: []string{"/dev/null (a character device), not a terminal"}},
		{name: "no session", start: ctty(terminal, sysAttr{Setctty: true}), inside: onTerminal(terminal), args: "--setctty true",
			step: forkexec.StepSetctty, errno: eperm, want: []string{"does not lead a session", "set Setsid"}, option: []string{"does not lead a session", "set --setsid"}},
		{name: "terminal of another session", user: true, start: ctty(owned, sysAttr{Setsid: true, Setctty: true}), inside: onTerminal(owned),
			args: "--setsid --setctty true", step: forkexec.StepSetctty, errno: eperm,
			want: []string{"/dev/pts/", "the controlling terminal of another session, that of process"}},
		{name: "foreground closed", start: with(sysAttr{Foreground: true, Ctty: 9999}), args: "--foreground --ctty 9999 true",
			step: forkexec.StepForeground, errno: syscall.EBADF, want: []string{"is 9999, a descriptor of the caller, which is not open"}},
		{name: "foreground elsewhere", user: true, start: func(string) (string, *attr) {
			return "/bin/true", &attr{Sys: &sysAttr{Foreground: true, Ctty: int(owned())}}
		}, inside: onTerminal(owned), args: "--foreground true", step: forkexec.StepForeground, errno: syscall.ENOTTY,
			want: []string{"not the controlling terminal of the caller's session but of that of process"}},
		{name: "NUL byte", start: program("/bin/\x00true"), step: forkexec.StepRequest, errno: einval, want: []string{"first NUL byte", "argv0 would be cut off"}},
		{name: "Setctty and Foreground", start: with(sysAttr{Setctty: true, Foreground: true}), step: forkexec.StepRequest, errno: einval,
			want: []string{"set one of the two"}},
		{name: "Ctty beyond Files", start: with(sysAttr{Setctty: true, Ctty: 7}), step: forkexec.StepRequest, errno: einval,
			want: []string{"Ctty is an index into Files: it is 7"}},
		{name: "ctty without a use", args: "--ctty 3 true", step: forkexec.StepRequest, errno: einval,
			option: []string{"--ctty is set, but neither --setctty nor --foreground is"}},
		{name: "descriptor closed", start: func(string) (string, *attr) { return "/bin/true", &attr{Files: []uintptr{0, 999, 2}} },
			args: "--fd 1=999 true", step: forkexec.StepFDDup, errno: syscall.EBADF,
			want: []string{"Files[1] = 999 is not open in the caller"}, option: []string{"--fd 1=999 is not open in the caller"}},
		{name: "descriptors used up", inside: full, start: program("/bin/true"), step: forkexec.StepPipe, errno: syscall.EMFILE,
			want: []string{"RLIMIT_NOFILE is 64", "ulimit -n"}},
		{name: "processes used up", user: true, inside: limit(6, 1), start: with(sysAttr{Setsid: true}), step: forkexec.StepClone,
			errno: syscall.EAGAIN, want: []string{"RLIMIT_NPROC is 1", "kernel.threads-max is"}},
	}
}
