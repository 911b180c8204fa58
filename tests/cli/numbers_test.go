// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// TestNumbers: our own descriptors are in nobody's way, where few numbers are free, either.
func TestNumbers(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho script\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ script, want string }{
		{`ulimit -n 64; exec "$1" --open 63=/etc/hostname /bin/echo first`, "first\n"},
		{`ulimit -n 16; "$1" --open 15=/etc/hostname --open 8=/etc/hostname --open 3=/etc/hostname --fd 4=/etc/hostname --on-exec : /bin/echo hook`, "hook\n"},
		{`exec 3<"$2"; "$1" --fd 3=3 --exec-fd 3 x`, "script\n"},
		{`exec 7<"$2"; "$1" --close-fds --fd 7=7 --exec-fd 7 x`, "script\n"},
		{`exec 3<"$2"; "$1" --fd 3=/dev/null --exec-fd 3 /bin/false; echo $?`, "127\n"},
	} {
		out, said, _ := shell(t, c.script, script)
		if out != c.want {
			t.Errorf("%s: %q, want %q; %s", c.script, out, c.want, said)
		}
	}
}
