// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"math"
)

// A pair is one of our ways and another that does the same: only such are compared.
type pair struct {
	of, to   string // paths
	ours     string // what people call them
	theirs   string
	headline bool // a run goes on until the interval of these is narrow
}

var pairs = []pair{
	{"exec", "osexec", "Cmd.Run of go/exec", "os/exec's Cmd.Run", true},
	{"exec_nil", "osexec_nil", "Cmd.Run of go/exec without files", "os/exec's without files", false},
	{"exec_output", "osexec_output", "Cmd.Output of go/exec", "os/exec's Cmd.Output", false},
	{"forkexec", stdlibPath, "forkexec.ForkExec", "syscall.ForkExec", true},
	{"c_spawn", "glibc", "forkexec_spawn in C", "glibc's posix_spawn", false},
	{"c_spawn", "musl", "forkexec_spawn in C", "musl's posix_spawn", false},
	{"c_spawn_wait", floorPath, "forkexec_spawn_wait in C", "a bare vfork loop in C", false},
	{"exec", "rust", "Cmd.Run of go/exec", "Rust's Command", false},
	{"exec", "python", "Cmd.Run of go/exec", "CPython's subprocess.run", false},
	{"exec", "node", "Cmd.Run of go/exec", "Node's spawnSync", false},
}

func (p *pair) label() string { return p.ours + " against " + p.theirs }

// A pairResult is what a run says of a pair, in one scenario. The names are those of the
// JSON.
type pairResult struct {
	Scenario string   `json:"scenario"`
	Point    int      `json:"point"`
	Of       string   `json:"of"`
	To       string   `json:"to"`
	Ratio    float64  `json:"ratio"`
	Low      *float64 `json:"low"` // of the 95 % interval; null: too few rounds
	High     *float64 `json:"high"`
	Words    string   `json:"words"`

	pair     *pair
	estimate estimate
	result   *result
}

// comparePairs compares what has run, in the order of the scenarios.
func comparePairs(rec *record) []pairResult {
	list := []pairResult{}
	for _, r := range rec.Results {
		for i := range pairs {
			p := &pairs[i]
			if r.Skipped != "" || !r.timed() || r.find(p.of) == nil || r.find(p.to) == nil {
				continue
			}
			e := r.relative(p.of, p.to)
			if math.IsNaN(e.value) {
				continue // nothing was timed
			}
			one := pairResult{Scenario: r.Scenario, Point: r.Point, Of: p.of, To: p.to, Ratio: e.value, Words: e.words(),
				pair: p, estimate: e, result: r}
			if !math.IsNaN(e.low) {
				one.Low, one.High = &e.low, &e.high
			}
			list = append(list, one)
		}
	}
	return list
}

// settled reports whether the interval of each headline ratio of a result is within 2 %.
// Without such a pair there is nothing to wait for.
func (r *result) settled() bool {
	for i := range pairs {
		p := &pairs[i]
		if p.headline && r.find(p.of) != nil && r.find(p.to) != nil && !r.relative(p.of, p.to).within(0.02) {
			return false
		}
	}
	return true
}

// compared returns what the run says of a pair in a result, or nil.
func (rec *record) compared(r *result, of, to string) *pairResult {
	for i := range rec.Ratios {
		if one := &rec.Ratios[i]; one.result == r && one.Of == of && one.To == to {
			return one
		}
	}
	return nil
}

// programs returns the results that tell of one program each: those without an axis.
func (rec *record) programs() (list []*result) {
	for _, r := range rec.Results {
		if r.Axis == "" && r.Skipped == "" && r.timed() {
			list = append(list, r)
		}
	}
	return list
}

// program is how the answers call what a scenario starts.
func (r *result) program() string {
	if r.Scenario == "tiny" {
		return "a program that exits at once"
	}
	return fmt.Sprintf("`%s`", r.Title)
}
