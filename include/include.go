// SPDX-License-Identifier: BSD-3-Clause

// Package include holds the public C headers of forkexec. It is not for import by other modules.
//
// It is a Go package for two reasons: `go mod vendor` keeps only folders that
// hold an imported package, and embedding the headers makes an edit of a header
// rebuild the cgo package c, whose build cache key does not follow `#include`
// (golang/go#24355). The linker drops the text; nothing ends up in a program.
package include

import "embed"

//go:embed forkexec.h forkexec_attr.h forkexec_steps.h forkexec_go.h
var _ embed.FS
