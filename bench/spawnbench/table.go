// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// A table is a result, or a part of it, as rows of text, for the text and the HTML output
// alike.
type table struct {
	heading string
	columns []string
	rows    [][]string
	notes   []string
}

// tablesOf returns the table of times, if any were taken, and that of what was counted.
func tablesOf(r *result) (list []*table) {
	if r.Skipped != "" {
		return []*table{{heading: fmt.Sprintf("%s (%s): not run: %s", r.name(), r.Title, r.Skipped)}}
	}
	heading := fmt.Sprintf("%s (%s): %d rounds", r.name(), r.Title, r.Rounds)
	if r.timed() {
		list = append(list, timeTable(r, heading))
		heading = r.name() + ": what a start costs the process that makes it"
	}
	present := unitsOf(r)
	counted := &table{heading: heading, columns: append([]string{"path"}, present...)}
	for _, s := range r.Series {
		if s.Missing != "" {
			continue
		}
		row := []string{s.Path}
		for _, unit := range present {
			row = append(row, valueCell(s, unit))
		}
		counted.rows = append(counted.rows, row)
	}
	if len(present) > 0 {
		list = append(list, counted)
	}
	last := list[len(list)-1]
	for _, s := range r.Series {
		if s.Missing != "" {
			last.notes = append(last.notes, fmt.Sprintf("%s: not run: %s", s.Path, s.Missing))
		}
	}
	last.notes = append(last.notes, r.Notes...)
	return list
}

func timeTable(r *result, heading string) *table {
	t := &table{
		heading: fmt.Sprintf("%s of %d spawns, µs and ratios", heading, r.Spawns),
		columns: []string{"path", "p10", "p50", "p90", "p99", "max", "humps", "/ std", "/ floor"},
	}
	for _, s := range r.Series {
		if s.Missing != "" {
			continue
		}
		row := []string{s.Path}
		for _, p := range []float64{10, 50, 90, 99, 100} {
			row = append(row, micros(s.Hist.percentile(p)))
		}
		t.rows = append(t.rows, append(row, s.Hist.humpText(), ratioCell(s, r.find(s.Base)), ratioCell(s, r.find(floorPath))))
	}
	return t
}

// unitsOf returns what has been counted in a result, in the order of units.
func unitsOf(r *result) (present []string) {
	for _, unit := range units {
		for _, s := range r.Series {
			if _, ok := s.value(unit); ok {
				present = append(present, unit)
				break
			}
		}
	}
	return present
}

func valueCell(s *series, unit string) string {
	v, ok := s.value(unit)
	switch {
	case !ok:
		return ""
	case v != 0 && v < 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func ratioCell(s, base *series) string {
	switch {
	case base == nil:
		return ""
	case s == base:
		return "1"
	}
	return ratioOfRounds(s.Rounds, base.Rounds).String()
}

func micros(ns float64) string { return fmt.Sprintf("%.1f", ns/1000) }

// writeText writes the tables of a result for people.
func writeText(w io.Writer, r *result) {
	for _, t := range tablesOf(r) {
		fmt.Fprintln(w, t.heading)
		writeRows(w, t.columns, t.rows)
		for _, note := range t.notes {
			fmt.Fprintln(w, note)
		}
		fmt.Fprintln(w)
	}
}

// writeRows aligns numbers to the right and names to the left: the writer aligns all
// columns alike.
func writeRows(w io.Writer, columns []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	width := 0
	for _, row := range rows {
		width = max(width, len([]rune(row[0])))
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range append([][]string{columns}, rows...) {
		fmt.Fprintf(tw, "%-*s\t%s\t\n", width, row[0], strings.Join(row[1:], "\t"))
	}
	tw.Flush()
}

// textOf is all that is printed of a run, the answer last: there a terminal leaves it.
func textOf(rec *record, withGoals bool) []byte {
	var buf bytes.Buffer
	writeBegin(&buf, rec.Machine, describePaths(rec))
	for _, r := range rec.Results {
		writeText(&buf, r)
	}
	writeEnd(&buf, rec, withGoals)
	return buf.Bytes()
}

// writeBegin writes what the tables need to be understood.
func writeBegin(w io.Writer, m *machine, paths [][2]string) {
	fmt.Fprintf(w, "%s\n\npaths\n", strings.Join(m.summary(), "\n"))
	for _, p := range paths {
		fmt.Fprintf(w, "  %-14s %s\n", p[0], p[1])
	}
	fmt.Fprintln(w)
}

// writeEnd writes what can be said only when all has been measured.
func writeEnd(w io.Writer, rec *record, withGoals bool) {
	if withGoals {
		writeGoals(w, rec.Goals)
	}
	for _, sentence := range rec.Answers {
		fmt.Fprintln(w, sentence)
	}
}
