// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"math"
	"testing"
)

func TestPercentile(t *testing.T) {
	for _, c := range []struct {
		sorted []float64
		p      float64
		want   float64
	}{
		{[]float64{7}, 0, 7},
		{[]float64{7}, 50, 7},
		{[]float64{7}, 100, 7},
		{[]float64{1, 2, 3}, 50, 2},
		{[]float64{1, 2, 3, 10}, 50, 2.5},
		{[]float64{0, 10}, 90, 9},
		{[]float64{1, 2, 3, 4, 5}, 0, 1},
		{[]float64{1, 2, 3, 4, 5}, 25, 2},
		{[]float64{1, 2, 3, 4, 5}, 99, 4.96},
		{[]float64{1, 2, 3, 4, 5}, 100, 5},
	} {
		if got := percentile(c.sorted, c.p); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("percentile(%v, %v) = %v, want %v", c.sorted, c.p, got, c.want)
		}
	}
	if got := percentile([]int64(nil), 50); !math.IsNaN(got) {
		t.Errorf("percentile of nothing = %v, want NaN", got)
	}
}

func TestSortedLeavesItsArgument(t *testing.T) {
	values := []int64{3, 1, 2}
	if got := sorted(values); got[0] != 1 || got[2] != 3 || values[0] != 3 {
		t.Errorf("sorted = %v, argument now %v", got, values)
	}
}

// roundsOf makes rounds of one session.
func roundsOf(costs ...float64) []round {
	var rounds []round
	for _, c := range costs {
		rounds = append(rounds, round{Cost: c, Spawns: 1})
	}
	return rounds
}
