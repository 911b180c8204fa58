// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	"fmt"
	"strings"
)

// The table of the project's README: four ratios, each with its interval, for four
// programs. More stands in the report.
var readmeRows = []struct{ of, to, title string }{
	{"exec", "osexec", "`Cmd.Run`, to os/exec"},
	{"forkexec", stdlibPath, "`forkexec.ForkExec`, to `syscall.ForkExec`"},
	{"exec", floorPath, "`Cmd.Run`, to a bare vfork loop in C"},
	{"c_spawn", "glibc", "`forkexec_spawn` in C, to glibc's `posix_spawn`"},
}

var readmeScenarios = []struct{ name, title string }{
	{"tiny", "a program that exits at once"}, {"true", "`true`"}, {"sh", "`sh -c :`"}, {"git", "`git --version`"},
}

// readmeTable returns the table with the sentences above it.
func readmeTable(rec *record) []byte {
	var buf bytes.Buffer
	tiny := rec.at("tiny", 0)
	if tiny == nil {
		return []byte("the run has not measured the scenario tiny\n")
	}
	m := rec.Machine
	noise, _ := machineSentence(rec)
	fmt.Fprintf(&buf, "%d CPUs (%s), Linux %s, %s: start and wait, %d interleaved rounds of %d for the first\n"+
		"column; medians of the rounds' ratios, with 95 %% intervals. %s\n\n",
		m.CPUs, m.CPU, m.Kernel, strings.Replace(m.Go, "go", "Go ", 1), tiny.Rounds, tiny.Spawns, noise)
	buf.WriteString("| |")
	for _, c := range readmeScenarios {
		buf.WriteString(" " + c.title + " |")
	}
	buf.WriteString("\n|" + strings.Repeat("---|", len(readmeScenarios)+1) + "\n")
	for _, row := range readmeRows {
		fmt.Fprintf(&buf, "| %s |", row.title)
		for _, c := range readmeScenarios {
			fmt.Fprintf(&buf, " %s |", readmeCell(rec.at(c.name, 0).relative(row.of, row.to)))
		}
		buf.WriteByte('\n')
	}
	return buf.Bytes()
}

func readmeCell(e estimate) string {
	if text := e.String(); text != "" {
		return text
	}
	return "–"
}
