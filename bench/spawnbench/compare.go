// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"math"
)

const compareCommand = "compare"

// compare tells what has changed between two runs that -json has written. Times of two
// runs are not compared: the machine is another one each day. What is compared is each
// path's ratio to its ruler in its own run, and what does not swing.
func compare(args []string, w io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: spawnbench compare OLD.json NEW.json")
	}
	before, err := readRecord(args[0])
	if err != nil {
		return err
	}
	after, err := readRecord(args[1])
	if err != nil {
		return err
	}
	describeDifference(w, before.Machine, after.Machine)
	compared, common := 0, 0
	for _, r := range after.Results {
		old := before.at(r.Scenario, r.Point)
		if old == nil || r.Skipped != "" || !old.timed() || !r.timed() {
			continue
		}
		common += commonPaths(old, r)
		rows := compareRows(old, r)
		compared += len(rows)
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(w, "%s (%s)\n", r.name(), r.Title)
		writeRows(w, []string{"path", "old", "new", "new to old", "switches", "syscalls", "allocs"}, rows)
		fmt.Fprintln(w)
	}
	switch {
	case common == 0:
		return errors.New("the two runs have measured nothing in common")
	case compared == 0:
		return errors.New("neither the bare loop in C nor the standard library's way is in both runs: measure with -paths …,floor")
	}
	fmt.Fprintln(w, "old, new: the ratio to the bare loop in C (floor), or where that is missing to the standard library's way "+
		"to do the same; (95 % interval).")
	return nil
}

func describeDifference(w io.Writer, before, after *machine) {
	for _, c := range []struct{ what, old, new string }{
		{"CPU", before.CPU, after.CPU}, {"CPUs", fmt.Sprint(before.CPUs), fmt.Sprint(after.CPUs)},
		{"kernel", before.Kernel, after.Kernel}, {"Go", before.Go, after.Go},
		{"implementation", before.Implementation, after.Implementation},
	} {
		if c.old != c.new {
			fmt.Fprintf(w, "not the same %s: %s and %s\n", c.what, c.old, c.new)
		}
	}
}

func commonPaths(before, after *result) (n int) {
	for _, s := range after.Series {
		if before.find(s.Path) != nil && after.find(s.Path) != nil {
			n++
		}
	}
	return n
}

// rulerOf returns what a path is compared with in both runs: the floor, what the standard
// library has for it, or the standard library's ForkExec. It is "" if they share none.
func rulerOf(path string, before, after *result) string {
	rulers := []string{floorPath, stdlibPath}
	if p := pathNamed(path); p != nil && p.base != path {
		rulers = []string{floorPath, p.base, stdlibPath}
	}
	for _, ruler := range rulers {
		if before.find(ruler) != nil && after.find(ruler) != nil {
			return ruler
		}
	}
	return ""
}

// compareRows compares each path that both have. The ruler itself has nothing to be
// compared with.
func compareRows(before, after *result) (rows [][]string) {
	for _, s := range after.Series {
		old, ruler := before.find(s.Path), rulerOf(s.Path, before, after)
		if old == nil || after.find(s.Path) == nil || ruler == "" || s.Path == ruler {
			continue
		}
		was, is := ratioGroups(old.Rounds, before.find(ruler).Rounds), ratioGroups(s.Rounds, after.find(ruler).Rounds)
		change := quotient(is, was)
		rows = append(rows, []string{s.Path, before.relative(s.Path, ruler).numbers(), after.relative(s.Path, ruler).numbers(),
			change.words(), counted(old, s, voluntary), counted(old, s, syscalls), counted(old, s, "allocs/op")})
	}
	return rows
}

// counted writes what was counted in both runs, once if it has not changed.
func counted(before, after *series, unit string) string {
	old, ok := before.value(unit)
	now, both := after.value(unit)
	switch {
	case !ok || !both:
		return ""
	case math.Abs(now-old) < 0.05:
		return fmt.Sprintf("%.1f", now)
	}
	return fmt.Sprintf("%.1f to %.1f", old, now)
}
