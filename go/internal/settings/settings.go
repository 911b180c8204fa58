// SPDX-License-Identifier: BSD-3-Clause

// Package settings holds what FORKEXEC in the environment asks for.
package settings

import (
	"os"
	"strings"
	"sync"
)

// Settings are the words of FORKEXEC; package forkexec documents them.
type Settings struct {
	Stdlib, NoClone3, Verbose bool

	Trace string // the file of trace=FILE, or ""

	// State is the address of the core's state in package syscall of a program that was
	// made with forkexec-overlay, or zero. Two states would not know of each other's
	// children.
	State uintptr
}

// Get returns the settings. The environment is read once, at the first call. Words that
// nobody knows are told to standard error: one that is misspelt would do nothing.
var Get = sync.OnceValue(func() Settings {
	s, unknown := parse(os.Getenv("FORKEXEC"))
	s.State = askOverlay()
	if s.State == 0 && len(unknown) > 0 { // the overlay has told otherwise
		_, _ = os.Stderr.WriteString("forkexec: FORKEXEC has an unknown word: " + strings.Join(unknown, ", ") +
			" (known: stdlib, noclone3, verbose, trace=FILE)\n")
	}
	return s
})

func parse(words string) (s Settings, unknown []string) {
	for _, word := range strings.Split(words, ",") {
		switch word = strings.TrimSpace(word); word {
		case "":
		case "stdlib":
			s.Stdlib = true
		case "noclone3":
			s.NoClone3 = true
		case "verbose":
			s.Verbose = true
		default:
			if file, ok := strings.CutPrefix(word, "trace="); ok && file != "" {
				s.Trace = file
				break
			}
			unknown = append(unknown, word)
		}
	}
	return s, unknown
}
