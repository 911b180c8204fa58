// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	"encoding/csv"
	"strconv"
)

// csvLines returns one line for each round of each path, with a heading: what a
// spreadsheet or a statistics program wants.
func csvLines(rec *record) ([]byte, error) {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	heading := append([]string{"scenario", "axis", "point", "path", "session", "round", "spawns", "ns"}, units...)
	if err := w.Write(heading); err != nil {
		return nil, err
	}
	for _, r := range rec.Results {
		for _, s := range r.Series {
			for i, one := range s.Rounds {
				line := []string{r.Scenario, r.Key, strconv.Itoa(r.Point), s.Path, strconv.Itoa(one.Session), strconv.Itoa(i + 1),
					strconv.Itoa(one.Spawns), strconv.FormatFloat(one.Cost, 'f', 0, 64)}
				for _, unit := range units {
					line = append(line, csvValue(s, one, unit))
				}
				if err := w.Write(line); err != nil {
					return nil, err
				}
			}
		}
	}
	w.Flush()
	return buf.Bytes(), w.Error()
}

// csvValue is what a round has of a unit, or the path if it is counted once; empty if
// neither.
func csvValue(s *series, one round, unit string) string {
	v, ok := one.Values[unit]
	if !ok {
		v, ok = s.Values[unit]
	}
	if !ok {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
