// SPDX-License-Identifier: BSD-3-Clause

// Package exec runs commands. It is a drop-in for os/exec: a program changes the
// import path and nothing else, and its children are started by package forkexec.
//
// Names, fields, methods and documented behaviour are those of os/exec for the
// toolchain in use; that package's documentation holds here as well. [Error],
// [ExitError], [ErrDot], [ErrNotFound] and [ErrWaitDelay] are the very types and
// values of os/exec, so that errors.As and errors.Is work whichever of the two
// packages a caller imports. [Cmd] is a type of its own: a *Cmd cannot be handed
// to a function that wants an *os/exec.Cmd. [From] goes the other way.
//
// # What it adds
//
//   - [Cmd.Options] passes wishes to the start that syscall.SysProcAttr has no
//     field for, such as PdeathsigProcess: see [forkexec.Options].
//   - [Cmd.StepError] says which step of a failed start failed, and why. The
//     error that Start returns stays the one of os/exec.
//   - [From] makes a Cmd of an *os/exec.Cmd that others have prepared.
//   - A context that ends while the child has not come to its execve yet kills
//     it, and Start returns the context's error, even if the program lies on a
//     file system that hangs.
//   - [Cmd.Wait] does not hold a thread of the operating system, but for the first
//     four at a time: thousands of waited commands cost a handful of threads.
//   - A program written a moment ago, which the kernel refuses with ETXTBSY for
//     as long as some other child still has it open, is tried again for up to
//     half a second, or Options.TextBusyTimeout. See golang/go#22315.
//
// # Other systems
//
// The surface is the same everywhere. What is added works on Linux where
// [forkexec.Implementation] is not "stdlib"; elsewhere, and with FORKEXEC=stdlib
// in the environment, os or os/exec does the work.
package exec
