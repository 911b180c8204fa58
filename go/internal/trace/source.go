// SPDX-License-Identifier: BSD-3-Clause

package trace

import "embed"

// Sources are the files that forkexec-overlay puts into package syscall. Programs that do not
// read them do not contain them.
//
//go:embed line.go file.go errno.go errno_others.go
var Sources embed.FS
