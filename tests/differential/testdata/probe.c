// SPDX-License-Identifier: BSD-3-Clause
/*
 * The probe: a child that writes down its whole state, one "key value" line for
 * each thing it took over from its parent, and exits with status 7.
 *
 * It works in odd places: the report goes to whichever descriptor is a file that
 * begins with the magic text (argv, environment and standard descriptors are the
 * case's own), and what cannot be read is "-". Values that differ from run to run
 * are replaced here where only the child can know them: its own and its parent's
 * pid, the number of a pseudo-terminal. Static, so that it starts fast.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MAGIC "forkexec-report\n" /* 16 bytes at the start of the report file */
#define SCAN_FDS 512
#define SHOWN_STRINGS 40 /* of argv and env; all of them go into the hash */

static char buf[1 << 17];
static size_t used;

__attribute__((format(printf, 1, 2))) static void put(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf + used, sizeof(buf) - used, fmt, ap);
	va_end(ap);
	if (n > 0)
		used += (size_t)n < sizeof(buf) - used ? (size_t)n : sizeof(buf) - used - 1;
}

static void put_text(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < ' ' || c == '\\' || c > '~')
			put("\\%02x", c);
		else
			put("%c", c);
	}
}

/* A file of /proc, or "-". */
static void put_file(const char *key, const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (fd >= 0)
		close(fd);
	put("%s ", key);
	if (n < 0)
		put("-");
	else
		put_text(text, (size_t)n);
	put("\n");
}

static void put_pid(const char *key, pid_t pid)
{
	if (pid == 1 || pid <= 0)
		put("%s %d\n", key, (int)pid);
	else if (pid == getpid())
		put("%s self\n", key);
	else if (pid == getppid())
		put("%s parent\n", key);
	else
		put("%s %d\n", key, (int)pid);
}

static void put_ids(void)
{
	static gid_t groups[1 << 16];
	unsigned r = 0, e = 0, s = 0;
	int n;

	syscall(SYS_getresuid, &r, &e, &s);
	put("uid %u %u %u fs %u\n", r, e, s, (unsigned)syscall(SYS_setfsuid, -1));
	syscall(SYS_getresgid, &r, &e, &s);
	put("gid %u %u %u fs %u\n", r, e, s, (unsigned)syscall(SYS_setfsgid, -1));
	n = (int)syscall(SYS_getgroups, 1 << 16, groups);
	put("groups %d:", n);
	for (int i = 0; i < n && i < SHOWN_STRINGS; i++)
		put(" %u", groups[i]);
	put("\n");
}

static void put_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
	uint64_t bounding = 0, ambient = 0;

	syscall(SYS_capget, &header, data);
	for (int i = 0; i < 64; i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			bounding |= 1ULL << i;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			ambient |= 1ULL << i;
	}
	put("cap.effective %08x%08x\n", data[1].effective, data[0].effective);
	put("cap.permitted %08x%08x\n", data[1].permitted, data[0].permitted);
	put("cap.inheritable %08x%08x\n", data[1].inheritable, data[0].inheritable);
	put("cap.bounding %016llx\n", (unsigned long long)bounding);
	put("cap.ambient %016llx\n", (unsigned long long)ambient);
}

static void put_prctls(void)
{
	int death = -1, subreaper = -1;
	char name[17] = "";

	put("securebits %#x\n", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	put("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	put("keepcaps %d\n", prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
	put("seccomp %d\n", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	put("dumpable %d\n", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	put("timerslack %d\n", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
	put("thp_disable %d\n", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0);
	put("pdeathsig %d\n", death);
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper, 0, 0, 0);
	put("subreaper %d\n", subreaper);
	prctl(PR_GET_NAME, name, 0, 0, 0);
	put("comm %s\n", name);
}

static void put_session(void)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int error = errno;
	pid_t foreground = -1;

	put_pid("pid", getpid());
	put("ppid %s\n", getppid() == 0 ? "0" : getppid() == 1 ? "1" : "parent");
	put_pid("pgrp", getpgrp());
	put_pid("sid", (pid_t)syscall(SYS_getsid, 0));
	if (tty < 0) {
		put("tty - errno %d\n", error);
		return;
	}
	(void)ioctl(tty, TIOCGPGRP, &foreground);
	close(tty);
	put("tty open\n");
	put_pid("tty.foreground", foreground);
}

static void put_namespaces(void)
{
	static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children",
					    "time", "time_for_children", "user", "uts"};
	struct utsname uts;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], link[64];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		n = readlink(path, link, sizeof(link) - 1);
		put("ns.%s %.*s\n", names[i], n < 0 ? 1 : (int)n, n < 0 ? "-" : link);
	}
	put_file("uid_map", "/proc/self/uid_map");
	put_file("gid_map", "/proc/self/gid_map");
	put_file("setgroups", "/proc/self/setgroups");
	put_file("cgroup", "/proc/self/cgroup");
	if (uname(&uts) == 0)
		put("hostname %s\n", uts.nodename);
}

/* The optional fields of the root mount, such as "shared:1" without the number. */
static void put_propagation(void)
{
	static char text[1 << 16];
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char point[256] = "", options[256] = "", field[64] = "";

		if (sscanf(line, "%*d %*d %*s %*s %255s %255s %63s", point, options, field) == 3 &&
		    strcmp(point, "/") == 0)
			put("root.propagation %.*s\n", (int)strcspn(field, ":"), field);
	}
}

static void put_files(void)
{
	struct stat st;
	char cwd[4096];
	mode_t mask = umask(0);

	umask(mask);
	put("umask %03o\n", (unsigned)mask);
	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0)
		snprintf(cwd, sizeof(cwd), "- errno %d", errno);
	put("cwd %s\n", cwd);
	if (stat(".", &st) == 0)
		put("cwd.inode %llx:%llu\n", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	if (stat("/", &st) == 0)
		put("root.inode %llx:%llu\n", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	for (int fd = 0; fd < SCAN_FDS; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0 || fstat(fd, &st) != 0)
			continue;
		put("fd %d flags %d status %o type %o ", fd, flags, (unsigned)fcntl(fd, F_GETFL),
		    (unsigned)st.st_mode);
		if (S_ISCHR(st.st_mode) && major(st.st_rdev) >= 136 && major(st.st_rdev) < 144)
			put("pts\n");
		else
			put("inode %llx:%llu at %lld\n", (unsigned long long)st.st_dev,
			    (unsigned long long)st.st_ino, (long long)lseek(fd, 0, SEEK_CUR));
	}
}

static void put_signals(void)
{
	struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } action;
	uint64_t mask = 0, pending = 0, ignored = 0, handled = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
	syscall(SYS_rt_sigpending, &pending, 8);
	for (int sig = 1; sig <= 64; sig++) {
		memset(&action, 0, sizeof(action));
		syscall(SYS_rt_sigaction, sig, NULL, &action, 8);
		if (action.handler == (void *)SIG_IGN)
			ignored |= 1ULL << (sig - 1);
		else if (action.handler != (void *)SIG_DFL)
			handled |= 1ULL << (sig - 1);
	}
	put("sig.blocked %016llx\n", (unsigned long long)mask);
	put("sig.pending %016llx\n", (unsigned long long)pending);
	put("sig.ignored %016llx\n", (unsigned long long)ignored);
	put("sig.handled %016llx\n", (unsigned long long)handled);
}

static void put_limits(void)
{
	struct rlimit limit;

	for (int i = 0; i < 16; i++)
		if (syscall(SYS_prlimit64, 0, i, NULL, &limit) == 0)
			put("rlimit %d %llx %llx\n", i, (unsigned long long)limit.rlim_cur,
			    (unsigned long long)limit.rlim_max);
}

static void put_scheduling(void)
{
	struct sched_param param = {0};
	unsigned long cpus[16] = {0};
	long n = syscall(SYS_sched_getaffinity, 0, sizeof(cpus), cpus);

	errno = 0;
	put("nice %d\n", getpriority(PRIO_PROCESS, 0));
	sched_getparam(0, &param);
	put("policy %d priority %d\n", sched_getscheduler(0), param.sched_priority);
	put("ioprio %ld\n", syscall(SYS_ioprio_get, 1, 0));
	put("affinity");
	for (long i = 0; i < n / (long)sizeof(cpus[0]); i++)
		put(" %lx", cpus[i]);
	put("\npersonality %x\n", (unsigned)personality(0xffffffff));
	put_file("oom_score_adj", "/proc/self/oom_score_adj");
	put_file("coredump_filter", "/proc/self/coredump_filter");
	put_file("loginuid", "/proc/self/loginuid");
}

static void put_strings(const char *key, char **strings)
{
	uint64_t hash = 14695981039346656037ULL;
	size_t n = 0;

	for (; strings[n]; n++) {
		for (const char *c = strings[n];; c++) {
			hash = (hash ^ (unsigned char)*c) * 1099511628211ULL;
			if (!*c)
				break;
		}
		if (n >= SHOWN_STRINGS)
			continue;
		put("%s %zu ", key, n);
		put_text(strings[n], strnlen(strings[n], 120));
		put("\n");
	}
	put("%s total %zu hash %llx\n", key, n, (unsigned long long)hash);
}

static int find_report(void)
{
	char start[16];

	for (int fd = 0; fd < SCAN_FDS; fd++)
		if (pread(fd, start, 16, 0) == 16 && memcmp(start, MAGIC, 16) == 0)
			return fd;
	return -1;
}

int main(int argc, char **argv, char **envp)
{
	int report = find_report();
	uint64_t size;

	used = sizeof(size);
	put_files(); /* first: opens nothing itself */
	put_ids();
	put_capabilities();
	put_prctls();
	put_session();
	put_namespaces();
	put_propagation();
	put_signals();
	put_limits();
	put_scheduling();
	put("secure %lu\nexecfn %s\n", getauxval(AT_SECURE), (const char *)getauxval(AT_EXECFN));
	put_strings("argv", argv);
	put_strings("env", envp);
	put("end\n");

	size = htole64(used - sizeof(size)); /* its reader may be another machine's */
	memcpy(buf, &size, sizeof(size));
	if (report < 0 || pwrite(report, buf, used, 16) != (ssize_t)used)
		return 8;
	if (argc > 1 && strcmp(argv[1], "pause") == 0)
		pause();
	return 7;
}
