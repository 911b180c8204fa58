// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// The table of cases: one entry ("mod") for each way to set a field, valid or not,
// and what a start with it alone must give when root does it. Tests take entries
// alone, in pairs and in random sets. Input that hangs or crashes the reference
// must not be in the table; see defects_test.go.

package differential

import (
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
)

// A mod sets a field of a case. Entries whose names agree up to the "=" exclude each
// other.
type mod struct {
	name   string
	want   error                       // alone, for full root: nil, an errno or errAny
	apply  func(s *spec, r *rand.Rand) // r: for entries that choose a value
	rare   bool                        // slow: seldom taken by the random test
	need   func() string               // why it cannot be set up here, or ""
	thread func() (set []func() error) // changes of the calling thread
}

var errAny = errors.New("any result")

func (m *mod) field() string {
	f, _, _ := strings.Cut(m.name, "=")
	return f
}

// fails says whether the entry makes the start fail.
func (m *mod) fails() bool { return m.want != nil && m.want != errAny }

// set applies the entry to a case.
func (m *mod) set(s *spec, r *rand.Rand) {
	if s.name != "" {
		s.name += " + "
	}
	s.name += m.name
	if m.apply != nil {
		m.apply(s, r)
	}
	if m.thread != nil {
		s.thread = append(s.thread, m.thread()...)
	}
}

func (m *mod) unavailable() string {
	if m.need == nil {
		return ""
	}
	return m.need()
}

var mods = sync.OnceValue(func() []*mod {
	var all []*mod
	for _, part := range [][]*mod{
		programMods(), stringMods(), fileMods(), pathMods(), idMods(), capabilityMods(), sessionMods(),
		namespaceMods(), mapMods(), otherMods(), threadMods(), privilegedThreadMods(),
	} {
		all = append(all, part...)
	}
	return all
})

// mods that can be set up here.
var availableMods = sync.OnceValue(func() (list []*mod) {
	for _, m := range mods() {
		if m.unavailable() == "" {
			list = append(list, m)
		}
	}
	return list
})

func set(f func(s *spec)) func(*spec, *rand.Rand) {
	return func(s *spec, _ *rand.Rand) { f(s) }
}

func needRoot() string {
	if !fullRoot {
		return "needs root"
	}
	return ""
}

func needPty() string {
	if err := openPty(); err != nil {
		return "no terminal: " + err.Error()
	}
	closePty()
	return ""
}

func needCgroup() string {
	if emulator != "" {
		return "no clone3 under the emulator"
	}
	return fix.why
}

// errno shortens the tables.
type errno = syscall.Errno
