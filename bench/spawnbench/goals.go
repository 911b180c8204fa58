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
	kind    goalKind
	limit   float64
	measure func(rec *record) estimate // NaN: not measured in this run
}

type goalKind int

const (
	atMost   goalKind = iota
	atLeast           // others' figures in terms of ours are better large
	notAbove          // the interval must not lie above the limit: no slower, as far as can be told
	notBelow
)

func (k goalKind) text(limit float64) string {
	verb := map[goalKind]string{atMost: "≤ %g", atLeast: "≥ %g", notAbove: "interval not above %g", notBelow: "interval not below %g"}[k]
	return fmt.Sprintf(verb, limit)
}

func (k goalKind) met(e estimate, limit float64) bool {
	switch k {
	case atMost:
		return e.value <= limit
	case atLeast:
		return e.value >= limit
	case notAbove:
		return !(e.low > limit)
	}
	return !(e.high < limit)
}

// A goalResult is what has come of a goal.
type goalResult struct {
	What     string   `json:"what"`
	Goal     string   `json:"goal"`
	Measured *float64 `json:"measured"` // null: not in this run
	Met      bool     `json:"met"`

	estimate estimate
}

var goals = []goal{
	{"tiny: Cmd.Run with files, times os/exec", atMost, 0.75, inTiny("exec", "osexec")},
	{"tiny: Cmd.Run with files, times the floor", atMost, 1.05, inTiny("exec", floorPath)},
	{"tiny: Cmd.Run with nil, times os/exec", atMost, 0.85, inTiny("exec_nil", "osexec_nil")},
	{"tiny: Cmd.Output, times os/exec", atMost, 0.85, inTiny("exec_output", "osexec_output")},
	{"tiny: start and wait in C in one call, times the floor", atMost, 0.95, inTiny("c_spawn_wait", floorPath)},
	{"true: Cmd.Run, times os/exec", notAbove, 1, in("true", "exec", "osexec")},
	{"sh: Cmd.Run, times os/exec", notAbove, 1, in("sh", "exec", "osexec")},
	{"git: Cmd.Run, times os/exec", notAbove, 1, in("git", "exec", "osexec")},
	{"tiny: ForkExec without cgo, times the floor", atMost, 1.05, inTiny("nocgo", floorPath)},
	{"tiny: ForkExec with cgo, times the floor", atMost, 1.05, inTiny("forkexec", floorPath)},
	{"tiny: ForkExec without cgo, times syscall.ForkExec", atMost, 0.80, inTiny("nocgo", stdlibPath)},
	{"tiny: ForkExec with cgo, times syscall.ForkExec", atMost, 0.80, inTiny("forkexec", stdlibPath)},
	{"tiny: glibc posix_spawn, times ForkExec", notBelow, 1, inTiny("glibc", "forkexec")},
	{"tiny: musl posix_spawn, times ForkExec", notBelow, 1, inTiny("musl", "forkexec")},
	{"tiny: glibc posix_spawn, times forkexec_spawn in C", notBelow, 1, inTiny("glibc", "c_spawn")},
	{"tiny: musl posix_spawn, times forkexec_spawn in C", notBelow, 1, inTiny("musl", "c_spawn")},
	{"tiny: Rust Command, times ForkExec", notBelow, 1, inTiny("rust", "forkexec")},
	{"tiny: CPython subprocess.run, times ForkExec", notBelow, 1, inTiny("python", "forkexec")},
	{"tiny: Node spawnSync, times ForkExec", notBelow, 1, inTiny("node", "forkexec")},
	{"tiny: switches of ForkExec, more than syscall.ForkExec", atMost, 0.1, moreSwitches("tiny", "forkexec", stdlibPath)},
	{"true: switches of ForkExec, more than syscall.ForkExec", atMost, 0.1, moreSwitches("true", "forkexec", stdlibPath)},
	{"tiny: switches of Cmd.Run, more than os/exec", atMost, -1, moreSwitches("tiny", "exec", "osexec")},
	{"true: switches of Cmd.Run, more than os/exec", atMost, -1, moreSwitches("true", "exec", "osexec")},
	{"tiny: switches of forkexec_spawn in C, more than the floor", atMost, 0, moreSwitches("tiny", "c_spawn", floorPath)},
	{"allocations: ForkExec", atMost, 1, func(rec *record) estimate { return exactly(allocs(rec, "forkexec")) }},
	{"allocations: Cmd.Run, times os/exec", atMost, 0.60, func(rec *record) estimate {
		return exactly(allocs(rec, "exec") / allocs(rec, "osexec"))
	}},
	{"user namespace, root: 8 GB against 0", atMost, 1.5, func(rec *record) estimate { return rec.growth("userns", "forkexec", 0, 8192) }},
	{"user namespace, root, 8 GB: syscall.ForkExec, times ours", atLeast, 500, in("userns", stdlibPath, "forkexec", 8192)},
	{"user namespace, ordinary user: 4 GB against 0", atMost, 1.5, func(rec *record) estimate {
		return rec.growth("userns_user", "forkexec", 0, 4096)
	}},
	{"user namespace, ordinary user, 4 GB: syscall.ForkExec, times ours", atLeast, 300, in("userns_user", stdlibPath, "forkexec", 4096)},
	{"CloseFDs: 19,000 descriptors against 10", atMost, 1.3, func(rec *record) estimate { return rec.growth("fds", "close_fds", 10, 19000) }},
	{"the same with high-numbered pipes", atMost, 1.3, func(rec *record) estimate { return rec.growth("fds", "close_fds_high", 10, 19000) }},
	{"2,000 waited children: threads", atMost, 16, inUnit("waiters", 2000, "exec", "threads")},
	{"2,000 waited children: ms of CPU in a second", atMost, 1, inUnit("waiters", 2000, "exec", "cpu-ms/s")},
	{"slow exec: ms for a garbage collection", atMost, 5, inUnit("slow", 0, "forkexec", "gc-ms")},
	{"slow exec: ms that a goroutine wakes up late", atMost, 5, inUnit("slow", 0, "forkexec", "stall-ms")},
	{"1 goroutine: throughput, times syscall.ForkExec", atLeast, 1.15, in("parallel", stdlibPath, "forkexec", 1)},
	{"2 to 64 goroutines, the worst: throughput, times syscall.ForkExec", atLeast, 1.3, func(rec *record) estimate {
		worst := exactly(math.Inf(1))
		for _, width := range goroutines.points[1:] {
			if e := rec.at("parallel", width).relative(stdlibPath, "forkexec"); !(e.value >= worst.value) {
				worst = e // NaN comes in, and stays
			}
		}
		return worst
	}},
}

// exactly is a figure that has no interval.
func exactly(v float64) estimate { return estimate{v, math.NaN(), math.NaN()} }

func inTiny(of, to string) func(*record) estimate { return in("tiny", of, to) }

// in is a ratio in a scenario, at its only point or the given one.
func in(scenario, of, to string, point ...int) func(*record) estimate {
	return func(rec *record) estimate { return rec.at(scenario, append(point, 0)[0]).relative(of, to) }
}

func inUnit(scenario string, point int, path, unit string) func(*record) estimate {
	return func(rec *record) estimate {
		if r := rec.at(scenario, point); r != nil && r.find(path) != nil {
			if v, ok := r.find(path).value(unit); ok {
				return exactly(v)
			}
		}
		return unknown
	}
}

// moreSwitches is how many more voluntary context switches a start makes on a path than
// on another.
func moreSwitches(scenario, path, than string) func(*record) estimate {
	return func(rec *record) estimate {
		of, to := inUnit(scenario, 0, path, voluntary)(rec), inUnit(scenario, 0, than, voluntary)(rec)
		return exactly(of.value - to.value)
	}
}

// allocs are rounded: the runtime's own, now and then, are in the figure too.
func allocs(rec *record, path string) float64 {
	return math.Round(inUnit("tiny", 0, path, "allocs/op")(rec).value)
}

func checkGoals(rec *record) []goalResult {
	results := []goalResult{}
	for _, g := range goals {
		e := g.measure(rec)
		r := goalResult{What: g.what, Goal: g.kind.text(g.limit), estimate: e}
		if !math.IsNaN(e.value) && !math.IsInf(e.value, 0) {
			r.Measured = &e.value
			r.Met = g.kind.met(e, g.limit)
		}
		results = append(results, r)
	}
	return results
}

func (g *goalResult) cells() []string {
	if g.Measured == nil {
		return []string{g.What, g.Goal, "", "not measured"}
	}
	return []string{g.What, g.Goal, g.estimate.numbers(), map[bool]string{true: "met", false: "missed"}[g.Met]}
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
