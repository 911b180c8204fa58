// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// A record is all that a run has given. It is what -json writes and -from reads, and
// what every other output is made of. The field names of the JSON are an interface;
// bench/README.md describes them.
type record struct {
	Machine  *machine     `json:"machine"`
	Versions [][2]string  `json:"versions"` // name and version of what took part
	Seconds  float64      `json:"seconds"`
	Results  []*result    `json:"results"`
	Goals    []goalResult `json:"goals"`
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
	Spawns   int       `json:"spawns"` // per round and path
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
}

// A round is one path's part of a round.
type round struct {
	// Cost is the median time of a spawn or, where several goroutines spawn,
	// the time of the whole batch divided by its spawns.
	Cost   float64            `json:"ns"`
	Spawns int                `json:"spawns"`
	Values map[string]float64 `json:"values,omitempty"` // by unit
}

// units are those of Values, in the order of the columns.
var units = []string{"spawns/s", "allocs/op", "B/op", "threads", "cpu-ms/s", "start-ms", "end-ms",
	"exec-ms", "gc-ms", "stall-ms"}

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

// value is the median over the rounds of what is counted in a unit.
func (s *series) value(unit string) (float64, bool) {
	var all []float64
	for _, r := range s.Rounds {
		if v, ok := r.Values[unit]; ok {
			all = append(all, v)
		}
	}
	return percentile(sorted(all), 50), len(all) > 0
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
	rec.Goals = checkGoals(rec)
	return rec, nil
}
