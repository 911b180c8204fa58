// SPDX-License-Identifier: BSD-3-Clause

//go:build !android

package exec

// The command's environment.

import (
	"errors"
	"hash/maphash"
	"path/filepath"
	"strings"
	"syscall"
)

// errEnvNUL has os/exec's text.
var errEnvNUL = errors.New("exec: environment variable contains NUL")

// currentEnviron is the environment as far as it can be told.
func (c *Cmd) currentEnviron() []string {
	env, _ := c.environment()
	return env
}

// environment returns a new slice, complete also if there is an error, except for
// what the error is about.
func (c *Cmd) environment() ([]string, error) {
	if c.Env != nil {
		return lastOfEach(c.Env)
	}
	// Package syscall drops all but the first of equal keys when it reads the
	// environment and takes no NUL later on: there is nothing to clean.
	env := syscall.Environ()
	if !filepath.IsAbs(c.Dir) && c.movesDir() {
		return without(env, "PWD="), nil // nobody here knows its name
	}
	if c.Dir == "" {
		return env, nil
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return env, err
	}
	if strings.IndexByte(dir, 0) >= 0 {
		return env, errEnvNUL
	}
	return append(without(env, "PWD="), "PWD="+dir), nil
}

// movesDir reports whether the child's working directory has another name than Dir says, unless
// that is absolute: it lies below DirFD, or in a mount namespace that the child joins.
func (c *Cmd) movesDir() bool {
	if c.Options == nil {
		return false
	}
	for _, ns := range c.Options.Namespaces {
		if ns.Type == 0 || ns.Type&syscall.CLONE_NEWNS != 0 { // 0: whatever FD is
			return true
		}
	}
	return c.Options.DirFD != nil
}

// without removes the entries that begin with prefix, in place.
func without(env []string, prefix string) []string {
	kept := env[:0]
	for _, e := range env {
		if !strings.HasPrefix(e, prefix) {
			kept = append(kept, e)
		}
	}
	return kept
}

// lastOfEach returns the entries of env without those that a later one with the
// same key replaces and without empty ones. Entries that have no key stay. An
// entry with a NUL is left out and makes an error: the kernel would see only what
// is before it.
func lastOfEach(env []string) (kept []string, err error) {
	kept = make([]string, len(env))
	seen := newKeySet(len(env))
	at := len(env) // kept is filled from its end, as env is read
	for i := len(env) - 1; i >= 0; i-- {
		e := env[i]
		if strings.IndexByte(e, 0) >= 0 {
			err = errEnvNUL
			continue
		}
		if n := keyLen(e); e == "" || (n >= 0 && !seen.add(e[:n])) {
			continue
		}
		at--
		kept[at] = e
	}
	return kept[at:], err
}

// keyLen returns the length of the key of an environment entry, or -1. A leading
// "=" is part of the key, as in Windows' "=C:=C:\dir"; if there is no other, the
// key is empty.
func keyLen(e string) int {
	n := strings.IndexByte(e, '=')
	if n != 0 {
		return n
	}
	return strings.IndexByte(e[1:], '=') + 1
}

// A keySet is a set of strings that needs no allocation for an environment of
// usual size. It is a hash table with open addressing, at most half full.
type keySet struct {
	small [128]string
	slots []string // "" is free: the empty key has its own field
	empty bool
}

var keySeed = maphash.MakeSeed()

func newKeySet(n int) *keySet {
	s := new(keySet)
	if 2*n > len(s.small) {
		size := 2 * len(s.small)
		for size < 2*n {
			size *= 2
		}
		s.slots = make([]string, size)
	}
	return s
}

// add adds key and reports whether it is new.
func (s *keySet) add(key string) bool {
	if key == "" {
		fresh := !s.empty
		s.empty = true
		return fresh
	}
	slots := s.slots
	if slots == nil {
		slots = s.small[:]
	}
	mask := uint64(len(slots) - 1)
	for h := maphash.String(keySeed, key) & mask; ; h = (h + 1) & mask {
		switch slots[h] {
		case "":
			slots[h] = key
			return true
		case key:
			return false
		}
	}
}
