# SPDX-License-Identifier: BSD-3-Clause
#
# text.gdb: C source lines for the core in a program without cgo:
#
#	make gen-text
#	go build -ldflags=-w PROGRAM    (else Go's own line table, of data words, wins)
#	gdb -x c/nocgo/text.gdb ./PROGRAM
#	(gdb) break forkexec_clone_job
#	(gdb) continue
#	(gdb) set follow-fork-mode child
#	(gdb) break forkexec_child_main
#
# gdb follows the parent until it is told, and package os has made children of its own by then.
# Run it in the project's root. The program is started to learn where its text lies, as
# that of a PIE is only known then. GOARCH in the environment names another architecture (armv7:
# arm with GOARM=7).
set breakpoint pending on
set follow-fork-mode parent
starti
python
import os, re
arch = os.environ.get("GOARCH", "amd64")
for name in ("forkexec.example/forkexec/c/nocgo.forkexecText.abi0", "syscall.forkexecText.abi0"):
    try:
        # An expression would have to know the language of a program without DWARF.
        found = re.search("0x[0-9a-f]+", gdb.execute("info address " + name, to_string=True))
    except gdb.error:
        continue
    if found:
        gdb.execute("add-symbol-file build/nocgo/%s/text.elf -o %#x" % (arch, int(found[0], 16) - 0x10000))
end
