// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// A record is all that a run has given. It is what -json writes and -from reads, and
// what every other output is made of. The field names of the JSON are an interface;
// bench/INTERNALS.md describes them.
type record struct {
	Machine  *machine    `json:"machine"`
	Versions [][2]string `json:"versions"` // name and version of what took part
	Seconds  float64     `json:"seconds"`
	Results  []*result   `json:"results"`
	// What follows is made of the results, by conclude.
	Answers []string     `json:"answers"`
	Ratios  []pairResult `json:"ratios"`
	Goals   []goalResult `json:"goals"`
}

// conclude makes of the results what people want to know.
func (rec *record) conclude() {
	rec.Ratios = comparePairs(rec)
	rec.Answers = answers(rec)
	rec.Goals = checkGoals(rec)
}

// A result is what one scenario, or one point of it, has given.
type result struct {
	Scenario string    `json:"scenario"`
	Title    string    `json:"title"`
	Axis     string    `json:"axis,omitempty"` // what Point counts; "": the scenario has no points
	Key      string    `json:"key,omitempty"`  // the axis in benchmark names
	Point    int       `json:"point"`
	Skipped  string    `json:"skipped,omitempty"` // why it could not be run; "": it was
	Rounds   int       `json:"rounds"`
	Spawns   int       `json:"spawns"`          // per round and path
	Notes    []string  `json:"notes,omitempty"` // what could not be counted, and why
	Series   []*series `json:"series"`
}

// A series is one path's part of a result.
type series struct {
	Path    string     `json:"path"`
	Title   string     `json:"title"`
	Base    string     `json:"base"`              // the path of the standard library that does the same
	Missing string     `json:"missing,omitempty"` // why the path could not be run; "": it was
	Hist    *histogram `json:"latency_ns"`        // of all spawns of all rounds
	Rounds  []round    `json:"rounds"`
	// Values are what is counted once for the path, not in each round.
	Values map[string]float64 `json:"values,omitempty"`
}

// A round is one path's part of a round.
type round struct {
	// Cost is the median time of a spawn or, where several goroutines spawn,
	// the time of the whole batch divided by its spawns.
	Cost   float64 `json:"ns"`
	Spawns int     `json:"spawns"`
	// Session counts how often the workers have been started anew: rounds of one session
	// share what chance has given its processes.
	Session int                `json:"session"`
	Values  map[string]float64 `json:"values,omitempty"` // by unit
}

// What a start costs the process that makes it, all threads together.
const (
	voluntary   = "vol-switches/op"
	involuntary = "invol-switches/op"
	syscalls    = "syscalls/op"
	faults      = "faults/op"
	userTime    = "user-us/op"
	cpuTimeUnit = "cpu-us/op"
	ownSwitches = "own-switches/op" // what it would have done without the start
)

// busySwitches is what a worker answers, for takeOwn.
const busySwitches = "busy-switches/s"

// units are those of Values, in the order of the columns.
var units = []string{"spawns/s", voluntary, involuntary, syscalls, faults, userTime, cpuTimeUnit, "allocs/op", "B/op",
	"threads", "cpu-ms/s", "start-ms", "end-ms", "exec-ms", "gc-ms", "stall-ms"}

// name is the scenario with its point, for people.
func (r *result) name() string {
	if r.Axis == "" {
		return r.Scenario
	}
	return fmt.Sprintf("%s, %d %s", r.Scenario, r.Point, r.Axis)
}

// timed reports whether spawns were timed one by one.
func (r *result) timed() bool {
	for _, s := range r.Series {
		if s.Hist != nil && s.Hist.n > 0 {
			return true
		}
	}
	return false
}

// find returns the series of a path, or nil if it has not run.
func (r *result) find(name string) *series {
	for _, s := range r.Series {
		if s.Path == name && s.Missing == "" && len(s.Rounds) > 0 {
			return s
		}
	}
	return nil
}

// at returns the result of a scenario at a point, or nil.
func (rec *record) at(scenario string, point int) *result {
	for _, r := range rec.Results {
		if r.Scenario == scenario && r.Point == point && r.Skipped == "" {
			return r
		}
	}
	return nil
}

// value is what the rounds together say of a unit: a mean of the quietest fifth of the
// rounds for context switches, which others' work changes; a mean of all for times
// that the kernel counts in ticks; a median for the rest.
func (s *series) value(unit string) (float64, bool) {
	if v, ok := s.Values[unit]; ok {
		return v, true
	}
	rounds := s.Rounds
	if unit == voluntary || unit == involuntary {
		rounds = quietest(rounds)
	}
	var all []float64
	sum := 0.0
	for _, r := range rounds {
		if v, ok := r.Values[unit]; ok {
			all = append(all, v)
			sum += v
		}
	}
	switch unit {
	case voluntary, involuntary, userTime, cpuTimeUnit:
		return sum / float64(len(all)), len(all) > 0
	}
	return percentile(sorted(all), 50), len(all) > 0
}

// quietest returns the fifth of the rounds that took the least time, at least one. Not
// those with the fewest switches: where others keep a CPU busy a parent is often woken so
// late that it need not sleep any more.
func quietest(rounds []round) []round {
	list := slices.Clone(rounds)
	slices.SortStableFunc(list, func(a, b round) int { return cmp.Compare(a.Cost, b.Cost) })
	return list[:min(len(list), max(1, len(list)/5))]
}

// cost is the median over the rounds, in nanoseconds; NaN where none was taken.
func (s *series) cost() float64 {
	var all []float64
	for _, r := range s.Rounds {
		if r.Cost > 0 {
			all = append(all, r.Cost)
		}
	}
	return percentile(sorted(all), 50)
}

func readRecord(file string) (*record, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	rec := new(record)
	if err := json.Unmarshal(text, rec); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if rec.Machine == nil {
		return nil, fmt.Errorf("%s: no record of spawnbench", file)
	}
	rec.conclude()
	return rec, nil
}
