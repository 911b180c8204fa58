// SPDX-License-Identifier: BSD-3-Clause

// Package gate shares syscall.ForkLock among the starts of this module. forkexec-overlay puts
// its source into package syscall as well.
package gate

import _ "embed"

// Source is the text of gate.go. Programs that do not read it do not contain it.
//
//go:embed gate.go
var Source string
