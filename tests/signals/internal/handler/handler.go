// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

// Package handler installs signal handlers that are written in C, as C libraries do in Go
// programs. They count in memory that forked children share.
package handler

/*
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int *counts; // where they should run, elsewhere
static int parent;

static void count(int sig)
{
	(void)sig;
	__atomic_fetch_add(&counts[syscall(SYS_getpid) != parent], 1, __ATOMIC_RELAXED);
}

static int install(int sig)
{
	struct sigaction action;

	if (!counts)
		counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		return -1;
	parent = getpid();
	memset(&action, 0, sizeof(action));
	action.sa_handler = count;
	action.sa_flags = SA_ONSTACK | SA_RESTART; // os/signal: "Go programs that use cgo"
	return sigaction(sig, &action, NULL);
}

static int counted(int elsewhere)
{
	return counts ? counts[elsewhere] : 0;
}
*/
import "C"

import "syscall"

// Install replaces the handler of sig.
func Install(sig syscall.Signal) bool { return C.install(C.int(sig)) == 0 }

// Counts returns how often a handler has run in this process, and how often in others.
func Counts() (here, elsewhere int) { return int(C.counted(0)), int(C.counted(1)) }
