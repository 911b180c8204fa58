// SPDX-License-Identifier: BSD-3-Clause

//go:build !linux || android || !(386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

// causeByObject has nobody to ask here: the table speaks.
func causeByObject(*Error) cause { return nil }
