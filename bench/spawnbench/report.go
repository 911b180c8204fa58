// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"time"
)

// markdown returns the report of a run.
func markdown(cfg *config, m *machine, b *builder, results []*result, took time.Duration) []byte {
	var buf bytes.Buffer
	buf.WriteString("# Spawn latency\n\n")
	env := "the current environment"
	if cfg.env > 0 {
		env = fmt.Sprintf("%d variables", cfg.env)
	}
	facts := append([][2]string{
		{"date", m.date.Format(time.RFC3339)},
		{"took", took.Round(time.Second).String()},
		{"forkexec implementation", m.implementation},
		{"CPU", fmt.Sprintf("%s, %d of them, GOMAXPROCS %d", m.cpu, runtime.NumCPU(), runtime.GOMAXPROCS(0))},
		{"memory", m.memory},
		{"load before", m.load},
		{"kernel", "Linux " + m.kernel + " " + runtime.GOARCH},
		{"environment of the programs", env},
		{"go", runtime.Version()},
	}, b.versions...)
	for _, f := range facts {
		fmt.Fprintf(&buf, "- %s: %s\n", f[0], f[1])
	}
	buf.WriteString("\nTimes are microseconds from before the start until after the wait. Ratios are medians over\n" +
		"the rounds of the ratio of the two paths' medians in the round, with the 10th and 90th percentile.\n\n")
	for _, p := range cfg.paths {
		fmt.Fprintf(&buf, "- `%s`: %s\n", p.name, p.title)
	}
	for _, r := range results {
		fmt.Fprintf(&buf, "\n## %s\n\n", heading(r))
		markdownTable(&buf, r)
	}
	return buf.Bytes()
}

func markdownTable(buf *bytes.Buffer, r *result) {
	if r.skipped != nil {
		return
	}
	fmt.Fprintf(buf, "| %s |\n|---|%s\n", strings.Join(columns, " | "), strings.Repeat("---:|", len(columns)-1))
	for _, s := range r.series {
		if row := cells(r, s); row != nil {
			fmt.Fprintf(buf, "| %s |\n", strings.Join(row, " | "))
		} else {
			fmt.Fprintf(buf, "| %s | %v |%s\n", s.path.name, s.missing, strings.Repeat(" |", len(columns)-2))
		}
	}
}
