// SPDX-License-Identifier: BSD-3-Clause

// Package differential compares the ways to start a process: every case goes
// through syscall.ForkExec, the reference, and through each of ours, on the same
// thread with the same descriptors, and what comes of it must be equal: the error,
// or the whole state that a probe child (testdata/probe.c) reports; and what is
// left in the parent. It holds tests only.
//
//	mods_*_test.go  the table of cases: one entry for each way to set a field or
//	                to change the calling thread
//	fields          each entry alone, with the result it must have; pairs of
//	                entries, -pairs.part=1 for all
//	random          random sets; -random.n, -random.seed, -random.only
//	parent          state of the whole parent: signals, NOFILE, dumpable, …
//	foreground      a parent with a controlling terminal
//	filter          seccomp filters: no clone3; each system call of the child refused
//	user            all of it as an ordinary user, when root runs the tests
//	defects         input that hangs, crashes or harms the reference: ours alone
//	emulator        for other architectures, under QEMU's user mode
//	overlay         syscall.ForkExec as forkexec-overlay makes it, with a build tag
//	notice          proof that the comparison sees what it should
//	run, observe, fixture, watchdog   the machinery
package differential
