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

func roundsOf(costs ...float64) []round {
	var rounds []round
	for _, c := range costs {
		rounds = append(rounds, round{Cost: c, Spawns: 1})
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
	if got := ratioOfRounds(of, roundsOf(0, 300)); got.median != 2 {
		t.Errorf("ratio with a zero round = %v, want the other round's 2", got)
	}
}

// fake returns a record of one scenario with two points and three paths. At the second
// point the machine is twice as slow as at the first one.
func fake() *record {
	rec := &record{Machine: &machine{CPU: "<CPU> & co", Go: "go1.99", Kernel: "9.9", CPUs: 2}}
	add := func(scenario, axis, key string, point int, costs map[string]float64) {
		r := &result{Scenario: scenario, Title: "t", Axis: axis, Key: key, Point: point, Rounds: 2, Spawns: 4}
		for _, path := range []string{"forkexec", "syscall", "floor"} {
			s := &series{Path: path, Title: path, Base: "syscall", Hist: new(histogram)}
			for range 8 {
				s.Hist.add(int64(costs[path]))
			}
			s.Rounds = []round{
				{costs[path], 4, map[string]float64{"allocs/op": 1}}, {costs[path] * 3, 4, map[string]float64{"allocs/op": 1}},
			}
			r.Series = append(r.Series, s)
		}
		r.Series = append(r.Series, &series{Path: "rust", Title: "rust", Missing: "rustc is not installed", Hist: new(histogram)})
		rec.Results = append(rec.Results, r)
	}
	add("tiny", "", "", 0, map[string]float64{"forkexec": 40e3, "syscall": 50e3, "floor": 40e3})
	add("true", "", "", 0, map[string]float64{"forkexec": 700e3, "syscall": 707e3, "floor": 680e3})
	add("userns", "MB touched", "MB", 0, map[string]float64{"forkexec": 60e3, "syscall": 90e3, "floor": 40e3})
	add("userns", "MB touched", "MB", 8192, map[string]float64{"forkexec": 150e3, "syscall": 90e6, "floor": 80e3})
	rec.Results = append(rec.Results, &result{Scenario: "git", Title: "git", Skipped: "git is not installed"})
	rec.Goals = checkGoals(rec)
	return rec
}

func TestGrowth(t *testing.T) {
	if got := fake().growth("userns", "forkexec", 0, 8192); math.Abs(got-1.25) > 1e-9 {
		t.Errorf("growth = %v, want 1.25: the floor's own is not the path's", got)
	}
	if got := fake().growth("userns", "forkexec", 0, 1); !math.IsNaN(got) {
		t.Errorf("growth to a point that has not run = %v, want NaN", got)
	}
}

func TestGoals(t *testing.T) {
	got := make(map[string]string)
	for _, g := range fake().Goals {
		got[g.What] = g.cells()[2] + " " + g.cells()[3]
	}
	for what, want := range map[string]string{
		"tiny: ForkExec with cgo, times the floor":           "1 met",
		"tiny: ForkExec with cgo, times syscall.ForkExec":    "0.8 met",
		"tiny: ForkExec without cgo, times the floor":        " not measured",
		"allocations: ForkExec":                              "1 met",
		"user namespace: 8 GB against 0":                     "1.25 met",
		"user namespace, 8 GB: syscall.ForkExec, times ours": "600 met",
		"tiny: Rust Command, times ours":                     " not measured",
		"2,000 waited children: threads":                     " not measured",
	} {
		if got[what] != want {
			t.Errorf("%s: %q, want %q", what, got[what], want)
		}
	}
	if len(got) != len(goals) {
		t.Error("two goals have one name")
	}
}
