//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_clone.c - clone(2), unshare(2) and setns(2): flags by name, the sysctl or the filter that
 * forbids them, the cgroup that will not take the child; and the child's own filter, if it is
 * malformed. clone(2), namespaces(7), cgroups(7), seccomp(2).
 */
#include "explain.h"

static int is_clone(const struct look *l)
{
	return l->result->step == FORKEXEC_STEP_CLONE;
}

/* What a namespace is called in /proc/self/ns and in user.max_*_namespaces. */
static const char *namespace_name(uint64_t flag)
{
	return flag == CLONE_NEWTIME   ? "time" :
	       flag == CLONE_NEWNS     ? "mnt" :
	       flag == CLONE_NEWCGROUP ? "cgroup" :
	       flag == CLONE_NEWUTS    ? "uts" :
	       flag == CLONE_NEWIPC    ? "ipc" :
	       flag == CLONE_NEWUSER   ? "user" :
	       flag == CLONE_NEWPID    ? "pid" :
					 "net";
}

static uint64_t asked_for(const struct look *l)
{
	return is_clone(l) ? l->r->clone_flags : l->r->unshare_flags;
}

static const char *flags_field(const struct look *l)
{
	return is_clone(l) ? "{clone_flags}" : "{unshare_flags}";
}

/* Namespaces that this kernel was built without. */
static uint64_t missing_namespaces(struct look *l, uint64_t flags)
{
	const char *end = l->link + PATH_ROOM;
	uint64_t missing = 0, flag;

	if (sys_statx(AT_FDCWD, "/proc/self/ns", 0, &l->other) < 0)
		return 0;
	for (flag = CLONE_NEWTIME; flag <= CLONE_NEWNET; flag <<= 1) {
		if (!(flags & flag & CLONE_NAMESPACES))
			continue;
		(void)text_add(text_add(l->link, end, "/proc/self/ns/"), end, namespace_name(flag));
		if (sys_statx(AT_FDCWD, l->link, AT_SYMLINK_NOFOLLOW, &l->other) == -E_NOENT)
			missing |= flag;
	}
	return missing;
}

static int look_flags(struct look *l)
{
	struct text *t = &l->text;
	uint64_t flags = asked_for(l), missing = missing_namespaces(l, flags);
	uint64_t refused = is_clone(l) ? (uint64_t)l->result->detail : flags;
	uint64_t sharing = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | 0x10000 /* THREAD */;

	if (missing) {
		say(t, "This kernel has no such namespaces: ");
		say_flags(t, missing);
		say(t, ". Leave them out of ");
		say(t, flags_field(l));
		say(t, ", or use a kernel built with them.");
		return 1;
	}
	if (is_clone(l) && refused & sharing) {
		say_flags(t, refused & sharing);
		say(t, " in {clone_flags} would share the caller's own state with the program. "
		       "Leave it out.");
		return 1;
	}
	refused &= ~(CLONE_NAMESPACES | CLONE_HARMLESS);
	if (is_clone(l) && refused) {
		say_flags(t, refused);
		say(t, " in {clone_flags} is no namespace, and no flag that a start can use. "
		       "Leave it out.");
		return 1;
	}
	if (flags & ~CLONE_NAMESPACES) {
		say_flags(t, flags & ~CLONE_NAMESPACES);
		say(t, " in ");
		say(t, flags_field(l));
		say(t, " does not work on this kernel, or not with the others: ");
		say_flags(t, flags);
		say(t, ".");
		return 1;
	}
	return 0;
}

static int in_container(struct look *l)
{
	return sys_statx(AT_FDCWD, "/.dockerenv", 0, &l->other) == 0 ||
	       sys_statx(AT_FDCWD, "/run/.containerenv", 0, &l->other) == 0;
}

static void say_filter(struct look *l)
{
	uint64_t mode;

	if (!look_status(l, "Seccomp:", &mode) || mode != 2)
		return;
	say(&l->text, " A seccomp filter is on this process");
	say(&l->text, in_container(l) ? ", and this is a container: Docker's default profile "
					"forbids new namespaces without cap_sys_admin. Run it with "
					"--security-opt seccomp=FILE." :
					", which may be what forbids it.");
}

static int look_forbidden(struct look *l)
{
	struct text *t = &l->text;
	uint64_t flags = asked_for(l) & CLONE_NAMESPACES;
	int64_t on;

	if (!(flags & CLONE_NEWUSER) && flags && !has_cap(l, CAP_SYS_ADMIN)) {
		say_flags(t, flags);
		say(t, " needs cap_sys_admin, which this process (user ");
		say_number(t, l->ids[1]);
		say(t, ") does not have. Start as root, or add {CLONE_NEWUSER} to ");
		say(t, flags_field(l));
		say(t, " and give {uid_map} and {gid_map}.");
		say_filter(l);
		return 1;
	}
	if (flags & CLONE_NEWUSER && !has_cap(l, CAP_SYS_ADMIN) &&
	    look_number(l, "/proc/sys/kernel/unprivileged_userns_clone", &on) && !on) {
		say(t, "The sysctl kernel.unprivileged_userns_clone is 0: only root may make user "
		       "namespaces. Set it to 1.");
		return 1;
	}
	if (flags & CLONE_NEWUSER && !has_cap(l, CAP_SYS_ADMIN) &&
	    look_number(l, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", &on) && on) {
		say(t, "AppArmor forbids user namespaces to programs without a profile: the sysctl "
		       "kernel.apparmor_restrict_unprivileged_userns is 1. Write a profile with "
		       "\"userns,\", or set it to 0.");
		return 1;
	}
	if (!flags)
		return 0;
	say_flags(t, flags);
	say(t, " is forbidden");
	say(t, flags & CLONE_NEWUSER ? ": the caller is in a chroot, its own user or group ID is "
				       "not mapped in its user namespace, or a security module "
				       "says no." :
				       " although the caller has cap_sys_admin: a security module "
				       "says no, or the filter below.");
	say_filter(l);
	return 1;
}

static int look_namespace_limits(struct look *l)
{
	const char *end = l->link + PATH_ROOM;
	struct text *t = &l->text;
	uint64_t flag;
	int64_t max;
	int n = 0;

	for (flag = CLONE_NEWTIME; flag <= CLONE_NEWNET; flag <<= 1) {
		if (!(asked_for(l) & flag & CLONE_NAMESPACES))
			continue;
		(void)text_add(text_add(text_add(l->link, end, "/proc/sys/user/max_"), end,
					namespace_name(flag)),
			       end, "_namespaces");
		if (!look_number(l, l->link, &max))
			continue;
		say(t, n++ ? ", user.max_" : "A limit is reached: user.max_");
		say(t, namespace_name(flag));
		say(t, "_namespaces is ");
		say_number(t, max);
	}
	if (!n)
		return 0;
	say(t, " here. The same limits of the outer namespaces count too, and at most 32 levels "
	       "are allowed. Raise the sysctl, or end what holds the namespaces.");
	return 1;
}

HIDDEN int look_frozen(struct look *l)
{
	if (!(l->r->flags & FORKEXEC_CGROUP_FD))
		return 0;
	if (look_read(l, l->r->cgroup_fd, "cgroup.freeze") <= 0 || l->line[0] != '1')
		return 0;
	say(&l->text, "The cgroup of {cgroup_fd} is frozen, so the child does not run. Write 0 to "
		      "its cgroup.freeze.");
	return 1;
}

/* The rest of a file's first line, for a sentence. */
static void say_line_of(struct look *l)
{
	uint64_t n = 0;

	while (l->line[n] && l->line[n] != '\n')
		n++;
	say_bytes(&l->text, l->line, n);
}

static int say_no_cgroup(struct look *l, int32_t fd)
{
	struct text *t = &l->text;

	say(t, "{cgroup_fd} is ");
	if (!look_fd_name(l, fd)) {
		say_number(t, fd);
		say(t, ", which is not open. Open the directory of a cgroup v2 first.");
		return 1;
	}
	if (!(t->flags & FORKEXEC_EXPLAIN_OPTIONS)) {
		say_number(t, fd);
		say(t, ", ");
	}
	say_raw(t, l->link);
	if (look_read(l, fd, "cgroup.procs") >= 0 || look_read(l, fd, "tasks") >= 0)
		say(t, ": a cgroup of version 1. clone3(2) takes directories of version 2 only.");
	else
		say(t, ", and not the directory of a cgroup v2. findmnt -t cgroup2 says where "
		       "those are.");
	return 1;
}

HIDDEN int look_cgroup(struct look *l)
{
	struct text *t = &l->text;
	int32_t fd = l->r->cgroup_fd;
	int err = l->result->err;

	if (look_read(l, fd, "cgroup.controllers") < 0)
		return say_no_cgroup(l, fd);
	if (err == E_BUSY) {
		if (look_read(l, fd, "cgroup.subtree_control") <= 1)
			return 0;
		say(t, "The cgroup has controllers enabled for its children "
		       "(cgroup.subtree_control: ");
		say_line_of(l);
		say(t, "), so it may hold no process itself. Start into a child of it, or disable "
		       "them.");
		return 1;
	}
	if (err == E_ACCES && look_fd_name(l, fd)) {
		say(t, "User ");
		say_number(t, l->ids[1]);
		say(t, " may not write cgroup.procs of ");
		say_raw(t, l->link);
		say(t, ", or of the nearest cgroup above both that and the caller's own. Delegate "
		       "them (chown), as systemd does with Delegate=yes.");
		return 1;
	}
	return 0;
}

/* The kernel does not answer so for the cgroup alone. */
static int look_refused_clone3(struct look *l)
{
	if (asked_for(l) & CLONE_NAMESPACES)
		return 0;
	say(&l->text, "{FORKEXEC_CGROUP_FD} needs clone3(2), which is forbidden here.");
	say_filter(l);
	return 1;
}

HIDDEN int look_clone(struct look *l)
{
	if (is_clone(l) && l->r->flags & FORKEXEC_CGROUP_FD)
		switch (l->result->err) {
		case E_PERM:
			if (look_refused_clone3(l))
				return 1;
			break;
		case E_BADF:
		case E_BUSY:
		case E_ACCES:
		case E_OPNOTSUPP:
		case E_INVAL:
			if (look_cgroup(l))
				return 1;
		}
	switch (l->result->err) {
	case E_INVAL: return look_flags(l);
	case E_PERM: return look_forbidden(l);
	case E_NOSPC: return look_namespace_limits(l);
	case E_AGAIN: return look_process_limit(l);
	case E_MFILE:
	case E_NFILE: return look_file_limit(l);
	case E_NOMEM: return look_memory_limit(l);
	}
	return 0;
}

/* Of which process is the pidfd? l->link, its name, stays. */
static void say_pid_of(struct look *l, int32_t fd)
{
	const char *end = l->part + PATH_ROOM, *p;

	(void)text_add_number(text_add(l->part, end, "/proc/self/fdinfo/"), end, (uint64_t)fd);
	if (look_read(l, AT_FDCWD, l->part) <= 0)
		return;
	p = text_find(l->line, "\nPid:");
	if (!p)
		return;
	say(&l->text, " of process ");
	say_number(&l->text, text_number(&p));
}

HIDDEN int look_setns(struct look *l)
{
	const struct forkexec_request *r = l->r;
	int64_t i = l->result->detail;
	struct text *t = &l->text;

	if (i < 0 || i >= r->n_namespaces)
		return 0;
	say(t, "Descriptor ");
	say_number(t, r->namespaces[i].fd);
	if (!look_fd_name(l, r->namespaces[i].fd))
		return say(t, " of {namespaces} is not open in the caller. Open the file below "
			      "/proc/PID/ns, and keep it open."), 1;
	say(t, " is ");
	say_raw(t, l->link);
	say_pid_of(l, r->namespaces[i].fd);
	if (l->result->err == E_INVAL && text_begins(l->link, "user:"))
		say(t, ", the user namespace that the child is in already. Leave it out.");
	else if (l->result->err == E_INVAL)
		say(t, r->namespaces[i].type ? ", which is neither a namespace of that type nor a "
					       "pidfd (Linux 5.8 or later). Name the right one." :
					       ", which is no namespace. If it is the descriptor of a process, "
					       "say which of its namespaces: give the type.");
	else if (l->result->err == E_PERM && text_begins(l->link, "anon_inode:[pidfd"))
		say(t, ": to join a namespace of a process takes the right to trace it (its user, and "
		       "no capability fewer than it has, or cap_sys_ptrace), and cap_sys_admin in the "
		       "user namespace that owns the namespace. Take the file below /proc/PID/ns, or "
		       "start with those.");
	else if (l->result->err == E_PERM)
		say(t, ": to join it takes cap_sys_admin in the user namespace that owns it. Join "
		       "that user namespace first, or start from a process that has it there.");
	else if (l->result->err == E_SRCH)
		say(t, ", and that process has ended.");
	else
		say(t, ", and the kernel does not let the child join it.");
	return 1;
}

struct instruction { /* struct sock_filter, wherever it lies */
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
} __attribute__((packed));

enum { GOOD, BAD_CODE, BAD_LOAD, BAD_DIVISION, BAD_SHIFT, BAD_SCRATCH, BAD_JUMP, BAD_END };

/* What the kernel's checks, bpf_check_classic() and seccomp_check_filter(), have against f[i]. */
static int check_instruction(const struct instruction *f, uint32_t i, uint32_t n)
{
	uint32_t left = n - i - 1, code = f[i].code, k = f[i].k;

	if (code == 0x20) /* LD ABS: of struct seccomp_data */
		return k < 64 && !(k & 3) ? GOOD : BAD_LOAD;
	if (code == 0x34) /* DIV */
		return k ? GOOD : BAD_DIVISION;
	if (code == 0x64 || code == 0x74) /* LSH, RSH */
		return k < 32 ? GOOD : BAD_SHIFT;
	if (code == 0x60 || code == 0x61 || code == 0x02 || code == 0x03) /* LD, LDX, ST, STX */
		return k < 16 ? GOOD : BAD_SCRATCH;
	if (code == 0x05) /* JA */
		return k < left ? GOOD : BAD_JUMP;
	if ((code & ~0x08u) == 0x15 || (code & ~0x08u) == 0x25 || (code & ~0x08u) == 0x35 ||
	    (code & ~0x08u) == 0x45) /* JEQ, JGT, JGE, JSET */
		return f[i].jt < left && f[i].jf < left ? GOOD : BAD_JUMP;
	if ((code & 7) == 4 && code <= 0xac) /* ALU, but for MOD; NEG has no X */
		return code != 0x8c && (code & 0xf0) != 0x90 ? GOOD : BAD_CODE;
	return code == 0x06 || code == 0x16 || code == 0x00 || code == 0x01 || code == 0x07 ||
			       code == 0x87 || code == 0x80 || code == 0x81 ?
		       GOOD :
		       BAD_CODE;
}

/* EINVAL: of no filter, one that is no program, or flags. */
HIDDEN int look_seccomp(struct look *l)
{
	const struct instruction *f = l->r->seccomp;
	uint32_t n = l->r->n_seccomp, i;
	struct text *t = &l->text;
	int bad = GOOD;

	if (!n)
		return say(t, "{seccomp} is empty: a filter has at least one instruction, which "
			      "returns."), 1;
	for (i = 0; i < n && !bad; i++)
		bad = check_instruction(f, i, n);
	if (!bad && f[n - 1].code != 0x06 && f[n - 1].code != 0x16) /* RET */
		bad = BAD_END;
	if (!bad && !l->r->seccomp_flags)
		return 0;
	if (!bad) {
		say(t, "No instruction of {seccomp} is wrong by itself. Most likely this kernel does not "
		       "know its flags, ");
		say_hex(t, l->r->seccomp_flags);
		say(t, ". Leave them out.");
		return 1;
	}
	say(t, "Instruction ");
	say_number(t, i);
	say(t, " of ");
	say_number(t, n);
	say(t, " in {seccomp}, of code ");
	say_hex(t, f[i - 1].code);
	say(t, bad == BAD_CODE     ? ", is none that a filter may have" :
	       bad == BAD_LOAD     ? ", loads from beyond struct seccomp_data, or no whole word of it" :
	       bad == BAD_DIVISION ? ", divides by 0" :
	       bad == BAD_SHIFT    ? ", shifts by more than 31 bits" :
	       bad == BAD_SCRATCH  ? ", uses scratch memory beyond the 16 words that there are" :
	       bad == BAD_JUMP     ? ", jumps beyond the last one" :
				     ", is the last one, and does not return");
	say(t, ". See seccomp(2).");
	return 1;
}
