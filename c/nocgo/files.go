// SPDX-License-Identifier: BSD-3-Clause

package nocgo

import "embed"

// Files are the sources that forkexec-overlay puts into package syscall. Programs that
// do not read them do not contain them.
//
//go:embed call.go call_linux_*.s text_*.s
var Files embed.FS
