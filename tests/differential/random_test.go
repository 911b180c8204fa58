// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Random sets of entries. Case i of a seed is the same in every run on the same
// machine as the same user, whatever n is: -random.seed=S -random.only=i runs it
// again.

package differential

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var (
	randomN    = flag.Int("random.n", 300, "number of random cases")
	randomSeed = flag.Uint64("random.seed", 0, "seed of the random cases; 0: from the clock")
	randomOnly = flag.Int("random.only", -1, "run only this random case")
)

func TestRandom(t *testing.T) {
	seed := *randomSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	fmt.Printf("differential: -random.seed=%d -random.n=%d\n", seed, *randomN)
	first, last := 0, *randomN
	if *randomOnly >= 0 {
		first, last = *randomOnly, *randomOnly+1
	}
	c := &countingReporter{reporter: t}
	succeeded, harmful := 0, 0
	for i := first; i < last && c.failures < maxFailures; i++ {
		s := randomSpec(newRand(seed, i))
		s.name = fmt.Sprintf("-random.seed=%d -random.only=%d: %s", seed, i, s.name)
		if s.harmsReference() != "" {
			harmful++
			continue
		}
		o := compare(c, s)
		if o.err == nil {
			succeeded++
		}
		if *randomOnly >= 0 {
			t.Logf("%s\nreference: %q", s.describe(), o.lines)
		}
	}
	n := last - first
	t.Logf("%d cases, %d of them started a program, %d left out for they harm the reference", n, succeeded, harmful)
	if emulator == "" && n >= 300 && (succeeded < n/4 || succeeded > n*9/10) {
		t.Errorf("%d of %d cases started a program: the mix of valid and invalid cases is bad", succeeded, n)
	}
}

// randomSpec takes about five entries, of each field at most one, rarely one that
// fails: an entry that fails hides those after it.
func randomSpec(r *rand.Rand) *spec {
	list := availableMods()
	chosen := map[string]*mod{}
	for want := 1 + r.IntN(9); want > 0; want-- {
		m := list[r.IntN(len(list))]
		if m.fails() && r.IntN(8) != 0 || m.rare && r.IntN(10) != 0 || m.field() == "nil" && r.IntN(10) != 0 {
			continue
		}
		chosen[m.field()] = m
	}
	s := newSpec()
	for _, m := range list {
		if chosen[m.field()] == m {
			m.set(s, r)
		}
	}
	return s
}
