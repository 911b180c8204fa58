// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	"fmt"
)

// benchLines returns the results in Go's benchmark format, one line for each
// round: benchstat takes them for repeated runs and finds the spread itself.
func benchLines(rec *record) []byte {
	var buf bytes.Buffer
	m := rec.Machine
	fmt.Fprintf(&buf, "goos: linux\ngoarch: %s\npkg: %s\ncpu: %s\n", m.Arch, packagePath, m.CPU)
	fmt.Fprintf(&buf, "implementation: %s\nkernel: %s\ngo: %s\n", m.Implementation, m.Kernel, m.Go)
	for _, r := range rec.Results {
		point := ""
		if r.Key != "" {
			point = fmt.Sprintf("/%s=%d", r.Key, r.Point)
		}
		for _, s := range r.Series {
			for _, one := range s.Rounds {
				fmt.Fprintf(&buf, "BenchmarkSpawn/scenario=%s%s/path=%s-%d\t%d", r.Scenario, point, s.Path, m.Procs, one.Spawns)
				if one.Cost > 0 {
					fmt.Fprintf(&buf, "\t%.0f ns/op", one.Cost)
				}
				for _, unit := range units {
					if v := csvValue(s, one, unit); v != "" {
						fmt.Fprintf(&buf, "\t%s %s", v, unit)
					}
				}
				buf.WriteByte('\n')
			}
		}
	}
	return buf.Bytes()
}
