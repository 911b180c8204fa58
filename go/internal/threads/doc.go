// SPDX-License-Identifier: BSD-3-Clause

// Package threads says when a start must not have the Go runtime want a thread. forkexec-overlay
// puts its source into package syscall as well.
package threads

import _ "embed"

// Source is the text of threads.go. Programs that do not read it do not contain it.
//
//go:embed threads.go
var Source string
