//go:build linux && !android && !forkexec_nocgo && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * explain_text.c - the words of explanations: into the caller's buffer, never beyond it,
 * and the names of errnos, flags, capabilities and machines. Names stand in packed strings:
 * a table of pointers would need relocations.
 */
#include "explain.h"
#include "hints.h"

static void put(struct text *t, char c)
{
	if (t->n + 1 < t->size)
		t->buffer[t->n] = c;
	t->n++;
}

static void put_all(struct text *t, const char *s)
{
	for (; *s; s++) {
		put(t, *s);
		NOT_A_LIBC_CALL();
	}
}

/* The n-th of strings that stand one after the other; an empty one behind the last. */
static const char *nth(const char *packed, uint32_t n)
{
	for (; n && *packed; n--) {
		while (*packed++)
			NOT_A_LIBC_CALL();
	}
	return packed;
}

HIDDEN void say_nth(struct text *t, const char *packed, uint32_t n)
{
	put_all(t, nth(packed, n));
}

/* The reader's name of a field: in C, in Go or on the command line. */
static void put_field(struct text *t, const char *key, uint32_t n)
{
	static const char words[] =
#define WORD(c, go, option) c "\0" go "\0" option "\0"
		FORKEXEC_WORDS(WORD)
#undef WORD
		;
	const char *w = words, *end = words + sizeof(words) - 1, *name[3];
	uint32_t i;

	while (w < end) {
		for (i = 0; i < 3; i++) {
			name[i] = w;
			w += text_length(w) + 1;
		}
		for (i = 0; i < n && name[0][i] == key[i]; i++)
			NOT_A_LIBC_CALL();
		if (i < n || name[0][n])
			continue;
		i = t->flags & FORKEXEC_EXPLAIN_GO	? 1 :
		    t->flags & FORKEXEC_EXPLAIN_OPTIONS ? 2 :
							  0;
		if (*name[i]) {
			put_all(t, name[i]);
			return;
		}
		break;
	}
	say_bytes(t, key, n);
}

/* Our own words; {field} is said in the reader's words. */
HIDDEN void say(struct text *t, const char *words)
{
	uint32_t n;

	while (*words) {
		if (*words != '{') {
			put(t, *words++);
			continue;
		}
		words++;
		for (n = 0; words[n] && words[n] != '}'; n++)
			NOT_A_LIBC_CALL();
		put_field(t, words, n);
		words += n + (words[n] != 0);
	}
}

/* Somebody else's: what could move a terminal's cursor is written out. */
HIDDEN void say_bytes(struct text *t, const char *s, uint64_t n)
{
	const char *digits = "0123456789abcdef";

	for (; n; n--, s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= ' ' && c != 127) {
			put(t, *s);
			continue;
		}
		put(t, '\\');
		put(t, 'x');
		put(t, digits[c >> 4]);
		put(t, digits[c & 15]);
	}
}

HIDDEN void say_raw(struct text *t, const char *s)
{
	if (*s)
		say_bytes(t, s, text_length(s));
	else
		put_all(t, "\"\"");
}

HIDDEN void say_number(struct text *t, int64_t n)
{
	char buffer[24];

	if (n < 0)
		put(t, '-');
	*text_add_number(buffer, buffer + sizeof(buffer), n < 0 ? 0 - (uint64_t)n : (uint64_t)n) =
		0;
	put_all(t, buffer);
}

static void say_base(struct text *t, uint64_t n, int bits)
{
	const char *digits = "0123456789abcdef";
	int shift = 60 / bits * bits;

	while (shift && !(n >> shift))
		shift -= bits;
	for (; shift >= 0; shift -= bits)
		put(t, digits[(n >> shift) & ((1u << bits) - 1)]);
}

HIDDEN void say_octal(struct text *t, uint32_t n)
{
	put(t, '0');
	say_base(t, n, 3);
}

HIDDEN void say_hex(struct text *t, uint64_t n)
{
	put_all(t, "0x");
	say_base(t, n, 4);
}

HIDDEN void say_flags(struct text *t, uint64_t flags)
{
	static const char names[] = "CLONE_NEWTIME\0CLONE_VM\0CLONE_FS\0CLONE_FILES\0CLONE_"
				    "SIGHAND\0CLONE_PIDFD\0"
				    "CLONE_PTRACE\0CLONE_VFORK\0CLONE_PARENT\0CLONE_THREAD\0CLONE_"
				    "NEWNS\0"
				    "CLONE_SYSVSEM\0CLONE_SETTLS\0CLONE_PARENT_SETTID\0CLONE_CHILD_"
				    "CLEARTID\0"
				    "CLONE_DETACHED\0CLONE_UNTRACED\0CLONE_CHILD_SETTID\0CLONE_"
				    "NEWCGROUP\0"
				    "CLONE_NEWUTS\0CLONE_NEWIPC\0CLONE_NEWUSER\0CLONE_"
				    "NEWPID\0CLONE_NEWNET\0CLONE_IO\0"
				    "CLONE_CLEAR_SIGHAND\0CLONE_INTO_CGROUP\0";
	uint32_t bit;
	int first = 1;

	for (bit = 0; bit < 7; bit++) /* an exit signal: no flag has these bits */
		if (flags >> bit & 1)
			break;
	if (bit < 7 || flags >> 34) {
		say_hex(t, flags & (UINT64_C(0x7f) | ~(((uint64_t)1 << 34) - 1)));
		first = 0;
	}
	for (bit = 7; bit < 34; bit++) {
		if (!(flags >> bit & 1))
			continue;
		if (!first)
			put(t, '|');
		first = 0;
		put_all(t, nth(names, bit - 7));
	}
	if (first)
		put(t, '0');
}

HIDDEN void say_capability(struct text *t, uint64_t number)
{
	static const char names[] = "chown\0dac_override\0dac_read_"
				    "search\0fowner\0fsetid\0kill\0setgid\0setuid\0"
				    "setpcap\0linux_immutable\0net_bind_service\0net_"
				    "broadcast\0net_admin\0net_raw\0"
				    "ipc_lock\0ipc_owner\0sys_module\0sys_rawio\0sys_chroot\0sys_"
				    "ptrace\0sys_pacct\0"
				    "sys_admin\0sys_boot\0sys_nice\0sys_resource\0sys_time\0sys_"
				    "tty_config\0mknod\0"
				    "lease\0audit_write\0audit_control\0setfcap\0mac_override\0mac_"
				    "admin\0syslog\0"
				    "wake_alarm\0block_suspend\0audit_"
				    "read\0perfmon\0bpf\0checkpoint_restore\0";
	const char *name = number < 64 ? nth(names, (uint32_t)number) : "";

	if (*name) {
		put_all(t, "cap_");
		put_all(t, name);
		return;
	}
	put_all(t, "number ");
	say_number(t, (int64_t)number);
}

HIDDEN void say_signal(struct text *t, uint32_t number)
{
	static const char names[] = "HUP\0INT\0QUIT\0ILL\0TRAP\0ABRT\0BUS\0FPE\0KILL\0USR1\0SEGV\0"
				    "USR2\0PIPE\0ALRM\0TERM\0STKFLT\0CHLD\0CONT\0STOP\0TSTP\0"
				    "TTIN\0TTOU\0URG\0XCPU\0XFSZ\0VTALRM\0PROF\0WINCH\0IO\0PWR\0"
				    "SYS\0";
	const char *name = number ? nth(names, number - 1) : "";

	put_all(t, *name ? "SIG" : "Signal ");
	if (*name)
		put_all(t, name);
	else
		say_number(t, number);
}

PUBLIC const char *forkexec_errno_name(int32_t err)
{
	static const char names[] =
		"EPERM\0ENOENT\0ESRCH\0EINTR\0EIO\0ENXIO\0E2BIG\0ENOEXEC\0EBADF\0ECHILD\0EAGAIN\0"
		"ENOMEM\0EACCES\0EFAULT\0ENOTBLK\0EBUSY\0EEXIST\0EXDEV\0ENODEV\0ENOTDIR\0EISDIR\0"
		"EINVAL\0ENFILE\0EMFILE\0ENOTTY\0ETXTBSY\0EFBIG\0ENOSPC\0ESPIPE\0EROFS\0EMLINK\0"
		"EPIPE\0EDOM\0ERANGE\0EDEADLK\0ENAMETOOLONG\0ENOLCK\0ENOSYS\0ENOTEMPTY\0ELOOP\0-\0"
		"ENOMSG\0EIDRM\0ECHRNG\0EL2NSYNC\0EL3HLT\0EL3RST\0ELNRNG\0EUNATCH\0ENOCSI\0EL2HLT\0"
		"EBADE\0EBADR\0EXFULL\0ENOANO\0EBADRQC\0EBADSLT\0-"
		"\0EBFONT\0ENOSTR\0ENODATA\0ETIME\0"
		"ENOSR\0ENONET\0ENOPKG\0EREMOTE\0ENOLINK\0EADV\0ESRMNT\0ECOMM\0EPROTO\0EMULTIHOP\0"
		"EDOTDOT\0EBADMSG\0EOVERFLOW\0ENOTUNIQ\0EBADFD\0EREMCHG\0ELIBACC\0ELIBBAD\0ELIBSCN"
		"\0"
		"ELIBMAX\0ELIBEXEC\0EILSEQ\0ERESTART\0ESTRPIPE\0EUSERS\0ENOTSOCK\0EDESTADDRREQ\0"
		"EMSGSIZE\0EPROTOTYPE\0ENOPROTOOPT\0EPROTONOSUPPORT\0ESOCKTNOSUPPORT\0EOPNOTSUPP\0"
		"EPFNOSUPPORT\0EAFNOSUPPORT\0EADDRINUSE\0EADDRNOTAVAIL\0ENETDOWN\0ENETUNREACH\0"
		"ENETRESET\0ECONNABORTED\0ECONNRESET\0ENOBUFS\0EISCONN\0ENOTCONN\0ESHUTDOWN\0"
		"ETOOMANYREFS\0ETIMEDOUT\0ECONNREFUSED\0EHOSTDOWN\0EHOSTUNREACH\0EALREADY\0"
		"EINPROGRESS\0ESTALE\0EUCLEAN\0ENOTNAM\0ENAVAIL\0EISNAM\0EREMOTEIO\0EDQUOT\0"
		"ENOMEDIUM\0EMEDIUMTYPE\0ECANCELED\0ENOKEY\0EKEYEXPIRED\0EKEYREVOKED\0EKEYREJECTED"
		"\0"
		"EOWNERDEAD\0ENOTRECOVERABLE\0ERFKILL\0EHWPOISON\0";
	const char *name = err > 0 && err < 4096 ? nth(names, (uint32_t)err - 1) : "";

	return *name && *name != '-' ? name : NULL;
}

HIDDEN void say_errno(struct text *t, int32_t err)
{
	const char *name = forkexec_errno_name(err);

	if (name) {
		put_all(t, name);
		return;
	}
	put_all(t, "error ");
	say_number(t, err);
}

/* e_machine of ELF files, the usual ones. */
HIDDEN void say_machine(struct text *t, uint32_t machine)
{
	static const uint16_t numbers[] = {2,  3,  4,  8,  20,	21,  22,  40,
					   42, 43, 50, 62, 183, 243, 247, 258};
	static const char names[] =
		"SPARC\0i386\0m68k\0MIPS\0PowerPC\0PowerPC64\0S/390\0ARM (32 bits)\0SuperH\0"
		"SPARC64\0Itanium\0AMD64\0AArch64\0RISC-V\0BPF\0LoongArch\0";
	uint32_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i] == machine) {
			put_all(t, nth(names, i));
			return;
		}
	}
	put_all(t, "machine ");
	say_number(t, machine);
}

/* Returns 0 for a number that no step has. */
HIDDEN int say_step(struct text *t, uint32_t step)
{
	static const char names[] =
#define STEP_NAME(id, NAME, name, syscall, field) name "\0"
		FORKEXEC_STEPS(STEP_NAME)
#undef STEP_NAME
		;
	static const uint8_t ids[] = {
#define STEP_ID(id, NAME, name, syscall, field) id,
		FORKEXEC_STEPS(STEP_ID)
#undef STEP_ID
	};
	uint32_t i;

	for (i = 0; i < sizeof(ids); i++) {
		if (ids[i] == step) {
			put_all(t, nth(names, i));
			return 1;
		}
	}
	put_all(t, "unknown");
	return 0;
}

/* The errnos that the table names, and ANY. */
enum {
	N_ANY,
	N_E2BIG = 7,
	N_EACCES = 13,
	N_EAGAIN = 11,
	N_EBADF = 9,
	N_EBUSY = 16,
	N_ECANCELED = 125,
	N_EDQUOT = 122,
	N_EFAULT = 14,
	N_EINVAL = 22,
	N_EIO = 5,
	N_EISDIR = 21,
	N_ELIBBAD = 80,
	N_ELOOP = 40,
	N_EMFILE = 24,
	N_ENAMETOOLONG = 36,
	N_ENFILE = 23,
	N_ENODEV = 19,
	N_ENOENT = 2,
	N_ENOEXEC = 8,
	N_ENOMEM = 12,
	N_ENOSPC = 28,
	N_ENOSYS = 38,
	N_ENOTDIR = 20,
	N_ENOTTY = 25,
	N_EOPNOTSUPP = 95,
	N_EPERM = 1,
	N_ESRCH = 3,
	N_ETIMEDOUT = 110,
	N_ETXTBSY = 26,
	N_EUSERS = 87,
};

HIDDEN int say_hint(struct text *t, uint32_t step, int32_t err)
{
	static const char texts[] =
#define FIELD(name)		"{" #name "}"
#define HINT(STEP, ERRNO, text) text "\0"
		FORKEXEC_HINTS(HINT, FIELD)
#undef HINT
#undef FIELD
		;
	static const uint8_t keys[][2] = {
#define HINT(STEP, ERRNO, text) {FORKEXEC_STEP_##STEP, N_##ERRNO},
		FORKEXEC_HINTS(HINT, )
#undef HINT
	};
	uint32_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i][0] == step && (!keys[i][1] || keys[i][1] == err)) {
			say(t, nth(texts, i));
			return 1;
		}
	}
	return 0;
}

HIDDEN void say_kind(struct text *t, uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: put_all(t, "a regular file"); break;
	case S_IFDIR: put_all(t, "a directory"); break;
	case S_IFLNK: put_all(t, "a symbolic link"); break;
	case S_IFCHR: put_all(t, "a character device"); break;
	case S_IFBLK: put_all(t, "a block device"); break;
	case S_IFIFO: put_all(t, "a FIFO"); break;
	case S_IFSOCK: put_all(t, "a socket"); break;
	default: put_all(t, "something else");
	}
}
