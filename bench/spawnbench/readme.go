// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// What the table of the project's README shows, and how it calls it. Those in bold are
// the project's own.
var readmePaths = map[string]string{
	"forkexec": "**forkexec.ForkExec**", "nocgo": "**forkexec.ForkExec, CGO_ENABLED=0**",
	stdlibPath: "syscall.ForkExec", "exec": "**go/exec Cmd.Run**", "exec_nocgo": "**go/exec Cmd.Run, CGO_ENABLED=0**",
	"osexec": "os/exec Cmd.Run", floorPath: "bare vfork and execve in C", "glibc": "glibc posix_spawn",
	"musl": "musl posix_spawn", "rust": "Rust Command", "python": "CPython subprocess.run",
}

// readmeScenarios are its columns: medians and ratios, or ratios alone.
var readmeScenarios = []struct {
	name, title string
	medians     bool
}{
	{"tiny", "a program that exits at once", true}, {"true", "`true`", true},
	{"sh", "`sh -c :`", false}, {"git", "`git --version`", false},
}

// readmeTable returns the table with the sentence above it, the fastest way first.
func readmeTable(rec *record) []byte {
	var buf, head, line bytes.Buffer
	tiny := rec.at("tiny", 0)
	if tiny == nil || tiny.find(stdlibPath) == nil {
		return []byte("the run has not measured the scenario tiny with the path syscall\n")
	}
	m := rec.Machine
	fmt.Fprintf(&buf, "%d CPUs (%s), Linux %s, %s: start and wait, %d interleaved rounds of %d, medians in µs and\n"+
		"ratios to syscall.ForkExec with the 10th to 90th percentile of the rounds.\n\n",
		m.CPUs, m.CPU, m.Kernel, strings.Replace(m.Go, "go", "Go ", 1), tiny.Rounds, tiny.Spawns)
	for _, c := range readmeScenarios {
		if c.medians {
			head.WriteString(" " + c.title + " | ratio |")
			line.WriteString("---|---|")
		} else {
			head.WriteString(" " + c.title + ", ratio |")
			line.WriteString("---|")
		}
	}
	fmt.Fprintf(&buf, "| |%s\n|---|%s\n", &head, &line)
	rows := slices.Clone(tiny.Series)
	slices.SortStableFunc(rows, func(a, b *series) int {
		return cmp.Compare(tiny.relative(a.Path, stdlibPath), tiny.relative(b.Path, stdlibPath))
	})
	for _, s := range rows {
		title := readmePaths[s.Path]
		if title == "" || tiny.find(s.Path) == nil {
			continue
		}
		fmt.Fprintf(&buf, "| %s |", title)
		bold := ""
		if strings.HasPrefix(title, "**") {
			bold = "**"
		}
		for _, c := range readmeScenarios {
			median, ratio := readmeCells(rec.at(c.name, 0), s.Path)
			if c.medians {
				fmt.Fprintf(&buf, " %s%s%s |", bold, median, bold)
			}
			fmt.Fprintf(&buf, " %s%s%s |", bold, ratio, bold)
		}
		buf.WriteByte('\n')
	}
	return buf.Bytes()
}

// readmeCells returns the median and the ratio of a path, dashes where there is none.
func readmeCells(r *result, path string) (median, ratio string) {
	if r == nil || r.find(path) == nil || r.find(stdlibPath) == nil {
		return "–", "–"
	}
	one := r.find(path)
	median, ratio = micros(one.Hist.percentile(50)), "1"
	if path != stdlibPath {
		q := ratioOfRounds(one.Rounds, r.find(stdlibPath).Rounds)
		ratio = fmt.Sprintf("%.2f (%.2f–%.2f)", q.median, q.p10, q.p90)
	}
	return median, ratio
}
