// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"io"
	"math"
)

// A goal is what the project has set out to reach, as a number that a run gives.
type goal struct {
	what    string
	atLeast bool
	limit   float64
	measure func(rec *record) float64 // NaN: not measured in this run
}

// A goalResult is what has come of a goal.
type goalResult struct {
	What     string   `json:"what"`
	Goal     string   `json:"goal"`
	Measured *float64 `json:"measured"` // null: not in this run
	Met      bool     `json:"met"`
}

// The standard library's and others' figures are in terms of ours where a goal is "so
// many times as fast", so that larger is better there.
var goals = []goal{
	{"tiny: ForkExec without cgo, times the floor", false, 1.05, inTiny("nocgo", floorPath)},
	{"tiny: ForkExec with cgo, times the floor", false, 1.08, inTiny("forkexec", floorPath)},
	{"tiny: ForkExec without cgo, times syscall.ForkExec", false, 0.80, inTiny("nocgo", stdlibPath)},
	{"tiny: ForkExec with cgo, times syscall.ForkExec", false, 0.80, inTiny("forkexec", stdlibPath)},
	{"tiny: Cmd.Run with files, times os/exec", false, 0.80, inTiny("exec", "osexec")},
	{"tiny: Cmd.Run with nil, times os/exec", false, 0.85, inTiny("exec_nil", "osexec_nil")},
	{"tiny: Cmd.Output, times os/exec", false, 0.85, inTiny("exec_output", "osexec_output")},
	{"allocations: ForkExec", false, 1, func(rec *record) float64 { return allocs(rec, "forkexec") }},
	{"allocations: Cmd.Run, times os/exec", false, 0.60, func(rec *record) float64 { return allocs(rec, "exec") / allocs(rec, "osexec") }},
	{"user namespace: 8 GB against 0", false, 1.5, func(rec *record) float64 { return rec.growth("userns", "forkexec", 0, 8192) }},
	{"user namespace, 8 GB: syscall.ForkExec, times ours", true, 500, func(rec *record) float64 {
		return rec.at("userns", 8192).relative(stdlibPath, "forkexec")
	}},
	{"CloseFDs: 19,000 descriptors against 10", false, 1.3, func(rec *record) float64 { return rec.growth("fds", "close_fds", 10, 19000) }},
	{"the same with high-numbered pipes", false, 1.3, func(rec *record) float64 { return rec.growth("fds", "close_fds_high", 10, 19000) }},
	{"2,000 waited children: threads", false, 16, inUnit("waiters", 2000, "exec", "threads")},
	{"2,000 waited children: ms of CPU in a second", false, 1, inUnit("waiters", 2000, "exec", "cpu-ms/s")},
	{"slow exec: ms for a garbage collection", false, 5, inUnit("slow", 0, "forkexec", "gc-ms")},
	{"slow exec: ms that a goroutine wakes up late", false, 5, inUnit("slow", 0, "forkexec", "stall-ms")},
	{"1 goroutine: throughput, times syscall.ForkExec", true, 1.15, func(rec *record) float64 {
		return rec.at("parallel", 1).relative(stdlibPath, "forkexec")
	}},
	{"2 to 64 goroutines, the worst: throughput, times syscall.ForkExec", true, 1.3, func(rec *record) float64 {
		worst := math.Inf(1)
		for _, width := range goroutines.points[1:] {
			worst = min(worst, rec.at("parallel", width).relative(stdlibPath, "forkexec")) // NaN stays
		}
		return worst
	}},
	{"tiny: glibc posix_spawn, times ours", true, 1, inTiny("glibc", "forkexec")},
	{"tiny: musl posix_spawn, times ours", true, 1, inTiny("musl", "forkexec")},
	{"tiny: Rust Command, times ours", true, 1, inTiny("rust", "forkexec")},
	{"tiny: CPython subprocess.run, times ours", true, 1, inTiny("python", "forkexec")},
}

func inTiny(of, to string) func(*record) float64 {
	return func(rec *record) float64 { return rec.at("tiny", 0).relative(of, to) }
}

func inUnit(scenario string, point int, path, unit string) func(*record) float64 {
	return func(rec *record) float64 {
		if r := rec.at(scenario, point); r != nil && r.find(path) != nil {
			if v, ok := r.find(path).value(unit); ok {
				return v
			}
		}
		return math.NaN()
	}
}

// allocs are rounded: the runtime's own, now and then, are in the figure too.
func allocs(rec *record, path string) float64 {
	return math.Round(inUnit("tiny", 0, path, "allocs/op")(rec))
}

func checkGoals(rec *record) []goalResult {
	results := []goalResult{}
	for _, g := range goals {
		r := goalResult{What: g.what, Goal: fmt.Sprintf("≤ %g", g.limit)}
		if g.atLeast {
			r.Goal = fmt.Sprintf("≥ %g", g.limit)
		}
		if v := g.measure(rec); !math.IsNaN(v) && !math.IsInf(v, 0) {
			r.Measured = &v
			r.Met = v <= g.limit && !g.atLeast || v >= g.limit && g.atLeast
		}
		results = append(results, r)
	}
	return results
}

func (g *goalResult) cells() []string {
	if g.Measured == nil {
		return []string{g.What, g.Goal, "", "not measured"}
	}
	return []string{g.What, g.Goal, fmt.Sprintf("%.3g", *g.Measured), map[bool]string{true: "met", false: "missed"}[g.Met]}
}

// writeGoals writes what has come of the goals that the run could measure.
func writeGoals(w io.Writer, all []goalResult) {
	var rows [][]string
	for _, g := range all {
		if g.Measured != nil {
			rows = append(rows, g.cells())
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "goals (%d of %d measured)\n", len(rows), len(all))
	writeRows(w, []string{"", "goal", "measured", ""}, rows)
	fmt.Fprintln(w)
}
