// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"os"
)

// Functions of package syscall by which a program is told: Go keeps the names of all that are
// linked, also in a binary that is stripped, each between two NUL bytes. The first is in
// syscall.txt, for the systems that have text; the second is in every program that starts
// processes.
const (
	ofOverlay = "(*forkexecFrame).start"
	ofStarts  = "forkExec"
)

// checkBinary reports whether the starts of a program go through the overlay, and says so in
// words.
func checkBinary(file string) (bool, string, error) {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return false, "", fmt.Errorf("%w (is it a Go program, and not compressed?)", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return false, "", err
	}
	about := file + " (" + info.GoVersion + "): "
	switch {
	case has(text, ofOverlay):
		return true, about + "has the overlay: it starts processes through forkexec", nil
	case has(text, ofStarts):
		return false, about + "no overlay: package syscall is the standard library's (code that imports forkexec uses it all the same)", nil
	}
	return false, about + "no overlay: package syscall starts no processes in it", nil
}

// has looks for the name of a function. It is put together here, so that this command's own
// constants are not taken for it.
func has(text []byte, function string) bool {
	return bytes.Contains(text, []byte("\x00syscall."+function+"\x00"))
}
