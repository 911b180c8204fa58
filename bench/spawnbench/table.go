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

// A table is a result as rows of text, for the text and the HTML output alike.
type table struct {
	heading string
	columns []string
	rows    [][]string
	notes   []string
}

func tableOf(r *result) *table {
	t := &table{heading: fmt.Sprintf("%s (%s): %d rounds of %d spawns", r.name(), r.Title, r.Rounds, r.Spawns)}
	if r.Skipped != "" {
		t.heading = fmt.Sprintf("%s (%s): not run: %s", r.name(), r.Title, r.Skipped)
		return t
	}
	t.columns = []string{"path"}
	if r.timed() {
		t.columns = append(t.columns, "p50 µs", "p90", "p99", "max", "/ std", "(p10..p90)", "/ floor", "(p10..p90)")
	} else {
		t.heading = fmt.Sprintf("%s (%s): %d rounds", r.name(), r.Title, r.Rounds)
	}
	present := unitsOf(r)
	t.columns = append(t.columns, present...)
	for _, s := range r.Series {
		if s.Missing != "" {
			t.notes = append(t.notes, fmt.Sprintf("%s: not run: %s", s.Path, s.Missing))
			continue
		}
		row := []string{s.Path}
		if r.timed() {
			h := s.Hist
			row = append(row, micros(h.percentile(50)), micros(h.percentile(90)), micros(h.percentile(99)), micros(float64(h.max)))
			row = append(row, ratioCells(s, r.find(s.Base))...)
			row = append(row, ratioCells(s, r.find(floorPath))...)
		}
		for _, unit := range present {
			row = append(row, valueCell(s, unit))
		}
		t.rows = append(t.rows, row)
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

func ratioCells(s, base *series) []string {
	if base == nil {
		return []string{"", ""}
	}
	if s == base {
		return []string{"1", ""}
	}
	q := ratioOfRounds(s.Rounds, base.Rounds)
	return []string{fmt.Sprintf("%.3f", q.median), fmt.Sprintf("(%.3f..%.3f)", q.p10, q.p90)}
}

func micros(ns float64) string { return fmt.Sprintf("%.1f", ns/1000) }

// writeText writes the table of a result for people.
func writeText(w io.Writer, r *result) {
	t := tableOf(r)
	fmt.Fprintln(w, t.heading)
	writeRows(w, t.columns, t.rows)
	for _, note := range t.notes {
		fmt.Fprintln(w, note)
	}
	fmt.Fprintln(w)
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

func textOf(rec *record) []byte {
	var buf bytes.Buffer
	fmt.Fprintf(&buf, "%s\n\n", strings.Join(rec.Machine.summary(), "\n"))
	for _, r := range rec.Results {
		writeText(&buf, r)
	}
	writeGoals(&buf, rec.Goals)
	return buf.Bytes()
}
