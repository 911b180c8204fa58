// SPDX-License-Identifier: BSD-3-Clause

// Package settings holds what FORKEXEC in the environment asks for.
package settings

import (
	"os"
	"strings"
	"sync"
)

// Settings are the words of FORKEXEC; package forkexec documents them.
type Settings struct{ Stdlib, NoClone3, Verbose bool }

// Get returns the settings. The environment is read once, at the first call.
var Get = sync.OnceValue(func() (s Settings) {
	for _, word := range strings.Split(os.Getenv("FORKEXEC"), ",") {
		switch strings.TrimSpace(word) {
		case "stdlib":
			s.Stdlib = true
		case "noclone3":
			s.NoClone3 = true
		case "verbose":
			s.Verbose = true
		}
	}
	return s
})
