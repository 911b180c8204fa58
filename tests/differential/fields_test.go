// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// The table's entries alone, where the result must also be the one expected, so
// that no case passes because it fails for another reason; and all pairs of
// entries, which shows every precedence of errors and most interactions.

package differential

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestFields runs each entry alone.
func TestFields(t *testing.T) {
	t.Run("none", func(t *testing.T) {
		s := newSpec()
		s.name = "plain"
		expect(t, s, compare(t, s), nil)
	})
	for i, m := range mods() {
		t.Run(m.name, func(t *testing.T) {
			if reason := m.unavailable(); reason != "" {
				skipCase(t, m.name, reason)
				t.Skip(reason)
			}
			s := newSpec()
			m.set(s, newRand(1, i))
			o := compare(t, s)
			if fullRoot && emulator == "" {
				expect(t, s, o, m.want)
			}
		})
	}
}

// expect checks the reference's result, and with it that the case tests what its
// name says.
func expect(r reporter, s *spec, o outcome, want error) {
	if want != errAny && !sameError(o.err, want) {
		r.Errorf("%s: the reference gives %v, the test expects %v", s.name, o.err, want)
	}
}

// sameError compares the values; errors that are made anew each time, by type and
// text.
func sameError(a, b error) bool {
	return a == b || a != nil && b != nil && fmt.Sprintf("%T %v", a, a) == fmt.Sprintf("%T %v", b, b)
}

// TestPairs runs pairs of entries that do not exclude each other, in the order of
// the table: all pairs of entries that fail, for they show the precedence of
// errors, and of the rest (with -short: of all) as many as -pairs.part lets through.
func TestPairs(t *testing.T) {
	if *pairsPart == 0 {
		t.Skip("-pairs.part=0")
	}
	list := availableMods()
	n, ran := 0, 0
	c := &countingReporter{reporter: t}
	for i, a := range list {
		for _, b := range list[i+1:] {
			if a.field() == b.field() || dull(a, b) {
				continue
			}
			if n++; n%*pairsPart != 0 && (testing.Short() || !(a.fails() && b.fails())) {
				continue
			}
			s := newSpec()
			r := newRand(2, n)
			a.set(s, r)
			b.set(s, r)
			s.name = fmt.Sprintf("pair %d: %s", n, s.name)
			if s.harmsReference() == "" && c.failures < maxFailures {
				compare(c, s)
				ran++
			}
		}
	}
	t.Logf("%d of %d pairs", ran, n)
}

// dull says that a pair is not worth its time: one entry is slow or decides alone,
// or both concern only execve's own strings.
func dull(a, b *mod) bool {
	strs := func(m *mod) bool { return m.field() == "argv" || m.field() == "Env" || m.field() == "argv0" }
	slow := func(m *mod) bool { return m.rare || m.field() == "nil" || strs(m) && strings.Contains(m.name, "many") }
	return slow(a) || slow(b) || strs(a) && strs(b)
}

var pairsPart = flag.Int("pairs.part", 20, "of pairs in which one entry is valid, run one in so many; 1: all; 0: no pair of any kind")

func newRand(seed uint64, i int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(i))) }
