//go:build ignore

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attack.c - tries to get at a process's memory and descriptors, through itself and
 * through each of its children, as fast as it can.
 *
 * Usage: attack PID ADDRESS SECRET FD INODE MILLISECONDS ATTACH
 *
 * PID has the 8 bytes SECRET at ADDRESS and a word to overwrite behind it, and FD,
 * close-on-exec, is open on INODE. A child that has executed another program has neither,
 * so success is never a matter of that one. With ATTACH 1 no child has, and to be attached
 * to one is success, too: one that hangs in the kernel cannot be looked into. ATTACH 2 is the
 * same without PID itself: only children are tried.
 *
 * Prints a line of names and numbers: successes by way, tries, processes tried.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static struct {
	uintptr_t address;
	uint64_t secret;
	int fd;
	ino_t inode;
	int attach;
} victim;

static unsigned long mem_read, mem_written, vm_read, vm_written, traced, fds, tries, children;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void try_mem(int pid)
{
	uint64_t word = 0, own = 1;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (pread(fd, &word, 8, (off_t)victim.address) == 8 && word == victim.secret) {
		mem_read++;
		mem_written += pwrite(fd, &own, 8, (off_t)victim.address + 8) == 8;
	}
	close(fd);
}

static void try_vm(int pid)
{
	uint64_t word = 0, own = 2;
	struct iovec here = {&word, 8}, there = {(void *)victim.address, 8};

	if (process_vm_readv(pid, &here, 1, &there, 1, 0) != 8 || word != victim.secret)
		return;
	vm_read++;
	here.iov_base = &own;
	there.iov_base = (void *)(victim.address + 8);
	vm_written += process_vm_writev(pid, &here, 1, &there, 1, 0) == 8;
}

static void try_ptrace(int pid)
{
	int i, status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return;
	if (victim.attach)
		traced++;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	for (i = 0; i < 20; i++, usleep(100)) {
		if (waitpid(pid, &status, WNOHANG | __WALL) != pid)
			continue;
		if (!victim.attach && WIFSTOPPED(status) &&
		    (uint64_t)ptrace(PTRACE_PEEKDATA, pid, (void *)victim.address, NULL) ==
			    victim.secret)
			traced++;
		break;
	}
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static void try_fd(int pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), fd;
	struct stat st;

	if (pidfd < 0)
		return;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, victim.fd, 0);
	if (fd >= 0) {
		if (!fstat(fd, &st) && st.st_ino == victim.inode)
			fds++;
		close(fd);
	}
	close(pidfd);
}

static void try_all(int pid)
{
	tries++;
	try_fd(pid);
	try_vm(pid);
	try_mem(pid);
	if (victim.attach || tries % 16 == 0) /* it stops what has executed another program */
		try_ptrace(pid);
}

/* The children of one thread of it. */
static void try_children(int pid, const char *task)
{
	char path[300], text[4096], *p, *end;
	int fd;
	ssize_t n;
	long child;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/children", pid, task);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return;
	text[n] = 0;
	for (p = text; (child = strtol(p, &end, 10)) > 0; p = end) {
		if (child == getpid())
			continue;
		children++;
		try_all((int)child);
	}
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	char path[64];
	int64_t end;
	int pid;

	if (argc != 8) {
		fprintf(stderr, "usage: attack PID ADDRESS SECRET FD INODE MILLISECONDS ATTACH\n");
		return 2;
	}
	pid = atoi(argv[1]);
	victim.address = (uintptr_t)strtoull(argv[2], NULL, 0);
	victim.secret = strtoull(argv[3], NULL, 0);
	victim.fd = atoi(argv[4]);
	victim.inode = (ino_t)strtoull(argv[5], NULL, 0);
	end = now_ms() + atoi(argv[6]);
	victim.attach = atoi(argv[7]);
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	prctl(PR_SET_DUMPABLE, 0); /* or two of us would stop each other for ever */
	do {
		DIR *tasks = opendir(path);

		if (!tasks)
			break;
		if (victim.attach < 2)
			try_all(pid);
		while ((entry = readdir(tasks)))
			if (entry->d_name[0] != '.')
				try_children(pid, entry->d_name);
		closedir(tasks);
	} while (now_ms() < end);
	printf("mem_read %lu mem_written %lu vm_read %lu vm_written %lu traced %lu fds %lu "
	       "tries %lu children %lu\n",
	       mem_read, mem_written, vm_read, vm_written, traced, fds, tries, children);
	return 0;
}
