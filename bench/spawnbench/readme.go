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

// readmeTable returns the table with the sentence above it, the fastest way first.
func readmeTable(rec *record) []byte {
	var buf bytes.Buffer
	tiny, real := rec.at("tiny", 0), rec.at("true", 0)
	if tiny == nil || real == nil || tiny.find(stdlibPath) == nil {
		return []byte("the run has not measured the scenarios tiny and true with the path syscall\n")
	}
	m := rec.Machine
	fmt.Fprintf(&buf, "%d CPUs (%s), Linux %s, %s: start and wait, %d interleaved rounds of %d, medians in µs and\n"+
		"ratios to syscall.ForkExec with the 10th to 90th percentile of the rounds.\n\n",
		m.CPUs, m.CPU, m.Kernel, strings.Replace(m.Go, "go", "Go ", 1), tiny.Rounds, tiny.Spawns)
	buf.WriteString("| | a program that exits at once | ratio | `true` | ratio |\n|---|---|---|---|---|\n")
	rows := slices.Clone(tiny.Series)
	slices.SortStableFunc(rows, func(a, b *series) int {
		return cmp.Compare(tiny.relative(a.Path, stdlibPath), tiny.relative(b.Path, stdlibPath))
	})
	for _, s := range rows {
		title := readmePaths[s.Path]
		if title == "" || tiny.find(s.Path) == nil || real.find(s.Path) == nil {
			continue
		}
		fmt.Fprintf(&buf, "| %s |", title)
		for _, r := range []*result{tiny, real} {
			one := r.find(s.Path)
			cell := "1"
			if s.Path != stdlibPath {
				q := ratioOfRounds(one.Rounds, r.find(stdlibPath).Rounds)
				cell = fmt.Sprintf("%.2f (%.2f–%.2f)", q.median, q.p10, q.p90)
			}
			if bold := "**"; strings.HasPrefix(title, bold) {
				fmt.Fprintf(&buf, " **%s** | **%s** |", micros(one.Hist.percentile(50)), cell)
			} else {
				fmt.Fprintf(&buf, " %s | %s |", micros(one.Hist.percentile(50)), cell)
			}
		}
		buf.WriteByte('\n')
	}
	return buf.Bytes()
}
