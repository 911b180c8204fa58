// SPDX-License-Identifier: BSD-3-Clause

// Package exec runs commands. It is a drop-in for [os/exec]: a program changes the
// import path and nothing else, and package [forkexec] starts its children.
//
// Names, fields, methods and documented behaviour are those of os/exec for the
// toolchain in use, and so its documentation applies here. [Error],
// [ExitError], [ErrDot], [ErrNotFound] and [ErrWaitDelay] are the types and
// values of os/exec themselves, so that errors.As and errors.Is work whichever of the two
// packages a caller imports. [Cmd] is a type of its own: a *Cmd cannot be passed
// to a function that takes an [*os/exec.Cmd]. [From] goes the other way.
//
// # What it adds
//
//   - Cmd.Options has attributes that syscall.SysProcAttr has no field for, such as
//     resource limits, a seccomp filter and hooks: see [forkexec.Options].
//   - [Cmd.StepError] says which step of a start failed, and why. The
//     error that Start returns stays that of os/exec, unless Options.StepErrors is set.
//   - [From] makes a Cmd of an *os/exec.Cmd that others have prepared.
//   - If its context ends before the child's execve, the child is killed
//     and Start returns the context's error, even if the program is on a
//     file system that hangs.
//   - [Cmd.Wait] holds no thread of the operating system, except for the first
//     four at a time: thousands of running commands cost a handful of threads, and those
//     that the runtime made for starts at the same time, for it keeps them.
//   - A program written a moment ago, which the kernel refuses with ETXTBSY while
//     another child still has it open, is tried again for up to
//     half a second, or for Options.TextBusyTimeout. See golang/go#22315.
//
// # Other systems
//
// The names are the same everywhere. What is added works on Linux where
// [forkexec.Implementation] is not "stdlib"; elsewhere, and with FORKEXEC=stdlib
// in the environment, os or os/exec does the work, and options that they do not have are refused:
// nothing is tried again there, and a positive TextBusyTimeout is an error.
package exec
