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

func roundsOf(medians ...int64) []*batch {
	var rounds []*batch
	for _, m := range medians {
		rounds = append(rounds, &batch{ns: []int64{m + 5, m, m - 5}, mallocs: -1, bytes: -1})
	}
	return rounds
}

// A machine that becomes three times slower for some rounds must not change
// the ratio.
func TestRatioOfRounds(t *testing.T) {
	of := roundsOf(200, 600, 210, 220, 600)
	to := roundsOf(100, 300, 100, 100, 300)
	got := ratioOfRounds(of, to)
	want := ratio{2, 2, 2.16}
	if math.Abs(got.median-want.median) > 1e-9 || math.Abs(got.p10-want.p10) > 1e-9 || math.Abs(got.p90-want.p90) > 1e-9 {
		t.Errorf("ratioOfRounds = %v, want %v", got, want)
	}
	if got := ratioOfRounds(of, nil); !math.IsNaN(got.median) {
		t.Errorf("ratio to nothing = %v, want NaN", got)
	}
	if got := ratioOfRounds(of, []*batch{{ns: []int64{0}}, {ns: []int64{300}}}); got.median != 2 {
		t.Errorf("ratio with a zero round = %v, want the other round's 2", got)
	}
}

func TestSummarize(t *testing.T) {
	rounds := roundsOf(10, 20, 30)
	rounds[0].mallocs, rounds[1].mallocs, rounds[2].mallocs = 5, 6, 90
	got := summarize(rounds)
	if got.p50 != 20 || got.max != 35 || got.mallocs != 6 || got.bytes >= 0 {
		t.Errorf("summarize = %+v", got)
	}
}
