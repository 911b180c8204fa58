// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"math"
	"math/rand"
	"testing"
)

func TestHumps(t *testing.T) {
	random := rand.New(rand.NewSource(3))
	fill := func(n int, humps ...hump) *histogram {
		h := new(histogram)
		for _, one := range humps {
			for range int(float64(n) * one.share) {
				h.add(int64(one.at * math.Exp(0.07*random.NormFloat64())))
			}
		}
		return h
	}
	for _, c := range []struct {
		n    int
		want []hump
	}{
		{3000, []hump{{100e3, 1}}},
		{3000, []hump{{100e3, 0.3}, {150e3, 0.7}}},
		{3000, []hump{{40e3, 0.8}, {70e3, 0.2}}},
	} {
		got := fill(c.n, c.want...).humps()
		if len(got) != len(c.want) {
			t.Errorf("%v are seen as %v", c.want, got)
			continue
		}
		for i, one := range got {
			if math.Abs(one.at/c.want[i].at-1) > 0.06 || math.Abs(one.share-c.want[i].share) > 0.04 {
				t.Errorf("%v are seen as %v", c.want, got)
			}
		}
	}
	if got := fill(3000, hump{100e3, 0.3}, hump{150e3, 0.7}).humpText(); got == "" {
		t.Error("two humps have no text")
	}
	// Few starts have hills by chance, and a few late ones are no hump.
	if got := fill(100, hump{100e3, 0.5}, hump{200e3, 0.5}).humps(); got != nil {
		t.Errorf("100 starts have %v", got)
	}
	if got := fill(3000, hump{100e3, 0.985}, hump{900e3, 0.015}).humps(); len(got) != 1 {
		t.Errorf("stragglers are seen as %v", got)
	}
	if got := fill(3000, hump{100e3, 0.8}, hump{500e3, 0.2}).humps(); len(got) != 1 {
		t.Errorf("starts that waited for a CPU are seen as %v", got)
	}
	same := new(histogram)
	same.addN(5000, 1000)
	if got := same.humps(); len(got) != 1 {
		t.Errorf("equal values have %v", got)
	}
}
