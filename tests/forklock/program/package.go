// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && forkexec_package

package main

import forkexec "forkexec.example/forkexec/go"

func init() { starts["package's start"] = forkexec.ForkExec }
