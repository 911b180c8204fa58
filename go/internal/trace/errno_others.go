// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && (mips || mipsle || mips64 || mips64le || sparc64)

package trace

// traceErrnoNames are not known: these have numbers of their own.
var traceErrnoNames []string
