// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

var columns = []string{"path", "p50 µs", "p90", "p99", "max",
	"/ " + stdlibPath, "(p10..p90)", "/ " + floorPath, "(p10..p90)", "allocs/op", "B/op"}

// heading says what the table is about.
func heading(r *result) string {
	if r.skipped != nil {
		return fmt.Sprintf("%s (%s): not run: %v", r.scenario.name, r.scenario.title, r.skipped)
	}
	return fmt.Sprintf("%s (%s): %d rounds of %d spawns", r.scenario.name, r.scenario.title, r.rounds, r.spawns)
}

// cells returns the row of a path, or nil if it could not be run.
func cells(r *result, s *series) []string {
	if s.missing != nil {
		return nil
	}
	sum := summarize(s.rounds)
	row := []string{s.path.name, micros(sum.p50), micros(sum.p90), micros(sum.p99), micros(sum.max)}
	for _, base := range []string{stdlibPath, floorPath} {
		row = append(row, ratioCells(s, r.find(base))...)
	}
	if sum.mallocs < 0 {
		return append(row, "", "")
	}
	return append(row, fmt.Sprintf("%.0f", sum.mallocs), fmt.Sprintf("%.0f", sum.bytes))
}

func ratioCells(s, base *series) []string {
	if base == nil {
		return []string{"", ""}
	}
	if s == base {
		return []string{"1", ""}
	}
	q := ratioOfRounds(s.rounds, base.rounds)
	return []string{fmt.Sprintf("%.3f", q.median), fmt.Sprintf("(%.3f..%.3f)", q.p10, q.p90)}
}

func widestName(r *result) int {
	width := 0
	for _, s := range r.series {
		width = max(width, len(s.path.name))
	}
	return width
}

func micros(ns float64) string { return fmt.Sprintf("%.1f", ns/1000) }

// writeText writes the table of a scenario for people.
func writeText(w io.Writer, r *result) {
	fmt.Fprintln(w, heading(r))
	if r.skipped != nil {
		fmt.Fprintln(w)
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	writeRow := func(row []string) {
		// Names to the left: the writer aligns all columns alike.
		fmt.Fprintf(tw, "%-*s\t%s\t\n", widestName(r), row[0], strings.Join(row[1:], "\t"))
	}
	writeRow(columns)
	for _, s := range r.series {
		if row := cells(r, s); row != nil {
			writeRow(row)
		}
	}
	tw.Flush()
	for _, s := range r.series {
		if s.missing != nil {
			fmt.Fprintf(w, "%s: not run: %v\n", s.path.name, s.missing)
		}
	}
	fmt.Fprintln(w)
}
