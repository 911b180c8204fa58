// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"math"
	"strings"
)

//go:embed report.html
var reportText string

var reportPage = template.Must(template.New("report").Parse(reportText))

// A section is a scenario in the report: plots, with the tables behind them.
type section struct {
	Name, Title string
	Plots       []plot
	Tables      []reportTable
}

type plot struct {
	Caption string
	Image   template.HTML
}

type reportTable struct {
	Heading string
	Columns []string
	Rows    [][]string
	Notes   []string
}

// reportHTML returns the report: one page that needs nothing else.
func reportHTML(rec *record) ([]byte, error) {
	var buf bytes.Buffer
	err := reportPage.Execute(&buf, map[string]any{
		"Record": rec, "Summary": rec.Machine.summary(), "Date": rec.Machine.Date.Format("2006-01-02 15:04 MST"),
		"Goals": goalRows(rec.Goals), "Sections": sections(rec), "Paths": describePaths(rec),
	})
	return buf.Bytes(), err
}

func goalRows(all []goalResult) (rows [][]string) {
	for _, g := range all {
		rows = append(rows, g.cells())
	}
	return rows
}

// describePaths returns name and title of what the record holds.
func describePaths(rec *record) (list [][2]string) {
	seen := make(map[string]bool)
	for _, r := range rec.Results {
		for _, s := range r.Series {
			if !seen[s.Path] {
				seen[s.Path] = true
				list = append(list, [2]string{s.Path, s.Title})
			}
		}
	}
	return list
}

func sections(rec *record) (list []section) {
	byScenario := make(map[string][]*result)
	var names []string
	for _, r := range rec.Results {
		if byScenario[r.Scenario] == nil {
			names = append(names, r.Scenario)
		}
		byScenario[r.Scenario] = append(byScenario[r.Scenario], r)
	}
	for _, name := range names {
		all := byScenario[name]
		s := section{Name: name, Title: all[0].Title, Plots: plotsOf(all)}
		for _, r := range all {
			t := tableOf(r)
			s.Tables = append(s.Tables, reportTable{t.heading, t.columns, t.rows, t.notes})
		}
		list = append(list, s)
	}
	return list
}

// plotsOf returns the plots of a scenario: over its axis, or for its one point.
func plotsOf(all []*result) (plots []plot) {
	var ran []*result
	for _, r := range all {
		if r.Skipped == "" {
			ran = append(ran, r)
		}
	}
	if len(ran) == 0 {
		return nil
	}
	r := ran[0]
	if r.Axis == "" {
		if r.timed() {
			return []plot{{"Latency from before the start until after the wait", distributions(r)}}
		}
		return []plot{{"Worst delays while one exec is slow", bars(r, []string{"gc-ms", "stall-ms"})}}
	}
	if !r.timed() {
		return []plot{{"Threads of the waiting process", over(ran, func(s *series) float64 {
			v, _ := s.value("threads")
			return v
		}, short)}}
	}
	caption := "Median time of a start with its wait"
	if r.Key == goroutines.key {
		caption = "Time for each start of the batch as a whole (the inverse of throughput)"
	}
	plots = append(plots, plot{caption, over(ran, (*series).cost, duration)})
	last := ran[len(ran)-1]
	return append(plots, plot{"Latencies at " + last.name(), distributions(last)})
}

// over draws a value of each path over the points of an axis.
func over(all []*result, value func(*series) float64, format func(float64) string) template.HTML {
	var points []int
	var curves []curve
	index := make(map[string]int)
	for i, r := range all {
		points = append(points, r.Point)
		for _, s := range r.Series {
			if r.find(s.Path) == nil {
				continue
			}
			k, ok := index[s.Path]
			if !ok {
				k = len(curves)
				index[s.Path] = k
				values := make([]float64, len(all))
				for j := range values {
					values[j] = math.NaN()
				}
				curves = append(curves, curve{s.Path, values})
			}
			curves[k].values[i] = value(s)
		}
	}
	return lines(all[0].Scenario, axisTitle(all[0]), points, curves, format)
}

func axisTitle(r *result) string {
	if r.Axis == goroutines.label {
		return r.Axis
	}
	return strings.ToUpper(r.Axis[:1]) + r.Axis[1:]
}
