// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"math"
	"slices"
	"strings"
)

//go:embed report.html
var reportText string

var reportPage = template.Must(template.New("report").Parse(reportText))

// A section is a scenario in the report.
type section struct {
	Name, Title string
	Plots       []axisPlot // over its axis
	Delays      []delayGroup
	Hills       []hillGroup
	Tables      []reportTable
}

// Delays are how long each path holds up the rest of the program in one respect.
type delayGroup struct {
	What string
	Rows []delay
}

type delay struct {
	Path, Title, Value string
	Percent            float64 // of the longest
}

type reportTable struct {
	Heading string
	Columns []string
	Rows    []reportRow
	Notes   []string
}

type reportRow struct {
	Path, Title string
	Cells       []string
}

// reportHTML returns the report: one page that needs nothing else.
func reportHTML(rec *record) ([]byte, error) {
	var buf bytes.Buffer
	all := sections(rec)
	var axes, plain []section
	for _, s := range all {
		if len(s.Plots) > 0 || len(s.Delays) > 0 {
			axes = append(axes, s)
		}
		if len(s.Hills) > 0 && len(s.Plots) == 0 {
			plain = append(plain, s)
		}
	}
	err := reportPage.Execute(&buf, map[string]any{
		"Record": rec, "Answers": answersHTML(rec.Answers), "Summary": rec.Machine.summary(), "Date": rec.Machine.Date.Format("2006-01-02 15:04 MST"),
		"Forest": forest(rec), "Axes": axes, "Plain": plain, "Sections": all, "Paths": describePaths(rec),
		"Units": unitsWords, "Goals": goalRows(rec.Goals),
	})
	return buf.Bytes(), err
}

// unbroken keeps a number and its unit in one line.
var unbroken = strings.NewReplacer(" %", "\u00a0%", " µs", "\u00a0µs", " ms", "\u00a0ms").Replace

// withCode marks up what stands between backquotes, a command line.
func withCode(text string) template.HTML {
	parts := strings.Split(template.HTMLEscapeString(unbroken(text)), "`")
	for i := 1; i < len(parts)-1; i += 2 {
		parts[i] = "<code>" + parts[i] + "</code>"
	}
	return template.HTML(strings.Join(parts, ""))
}

func answersHTML(all []string) (list []template.HTML) {
	for _, sentence := range all {
		list = append(list, withCode(sentence))
	}
	return list
}

// unitsWords explains the columns of the tables.
var unitsWords = [][2]string{
	{"p10 … p99, max", "of all starts, from before the start until after the wait; µs"},
	{"humps", "where most of the times lie and, if there are two such places, the share of each"},
	{"/ std", "ratio to the standard library's way to do the same: the median over the rounds, and its 95 % interval"},
	{"/ floor", "the same, to a bare vfork, execve and waitpid in C"},
	{voluntary, "how often a thread of the process goes to sleep, for each start: the quietest fifth of the rounds, without what the process does idle"},
	{involuntary, "how often a thread has to give up its CPU, likewise"},
	{syscalls, "system calls of the process and of the child until it runs its program"},
	{faults, "page faults of the process"},
	{userTime + ", " + cpuTimeUnit, "processor time of the process, outside of the kernel and altogether; µs"},
	{"allocs/op, B/op", "what Go's heap is asked for"},
}

// goalRows returns the goals' table; nothing for a run that has measured none of them.
func goalRows(all []goalResult) (rows [][]string) {
	if !slices.ContainsFunc(all, func(g goalResult) bool { return g.Measured != nil }) {
		return nil
	}
	for _, g := range all {
		rows = append(rows, g.cells())
	}
	return rows
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
		list = append(list, sectionOf(name, byScenario[name]))
	}
	return list
}

func sectionOf(name string, all []*result) section {
	s := section{Name: name, Title: all[0].Title}
	for _, r := range all {
		for _, t := range tablesOf(r) {
			s.Tables = append(s.Tables, reportTableOf(r, t))
		}
	}
	ran := slices.DeleteFunc(slices.Clone(all), func(r *result) bool { return r.Skipped != "" })
	if len(ran) == 0 {
		return s
	}
	r := ran[0]
	switch {
	case r.Axis == "" && r.timed():
		s.Hills = hillGroups(r)
	case r.Axis == "":
		s.Delays = delays(r)
	case !r.timed():
		points, curves := over(ran, func(s *series) float64 {
			v, _ := s.value("threads")
			return v
		})
		s.Plots = []axisPlot{lines("Threads of the waiting process", axisTitle(r), points, curves, short)}
	default:
		caption := "Median time of a start with its wait"
		if r.Key == goroutines.key {
			caption = "Time for each start of the batch as a whole (the inverse of throughput)"
		}
		points, curves := over(ran, (*series).cost)
		s.Plots = []axisPlot{lines(caption, axisTitle(r), points, curves, duration)}
	}
	return s
}

// reportTableOf gives a table's rows the titles of their paths.
func reportTableOf(r *result, t *table) reportTable {
	rt := reportTable{Heading: t.heading, Notes: t.notes}
	if len(t.columns) > 0 {
		rt.Columns = t.columns[1:]
	}
	for _, row := range t.rows {
		title := ""
		if s := r.find(row[0]); s != nil {
			title = s.Title
		}
		rt.Rows = append(rt.Rows, reportRow{row[0], title, row[1:]})
	}
	return rt
}

// delays are those of the scenario slow.
func delays(r *result) (list []delayGroup) {
	for _, u := range [][2]string{{"stall-ms", "Another goroutine wakes up late by"}, {"gc-ms", "A garbage collection takes"}} {
		g := delayGroup{What: u[1]}
		longest := 0.0
		for _, s := range r.Series {
			if v, ok := s.value(u[0]); ok {
				longest = max(longest, v)
				g.Rows = append(g.Rows, delay{s.Path, s.Title, unbroken(short(v) + " ms"), v})
			}
		}
		for i := range g.Rows {
			g.Rows[i].Percent = math.Round(g.Rows[i].Percent / max(longest, 1e-9) * 100)
		}
		list = append(list, g)
	}
	return list
}

func axisTitle(r *result) string {
	return strings.ToUpper(r.Axis[:1]) + r.Axis[1:]
}
