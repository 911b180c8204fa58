// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	"fmt"
	"runtime"
)

// benchLines returns the results in Go's benchmark format, one line for each
// round: benchstat takes them for repeated runs and finds the spread itself.
// ns/op is the round's median.
func benchLines(m *machine, results []*result) []byte {
	var buf bytes.Buffer
	fmt.Fprintf(&buf, "goos: %s\ngoarch: %s\npkg: %s\ncpu: %s\n", runtime.GOOS, runtime.GOARCH, packagePath, m.cpu)
	fmt.Fprintf(&buf, "implementation: %s\nkernel: %s\ngo: %s\n", m.implementation, m.kernel, runtime.Version())
	for _, r := range results {
		for _, s := range r.series {
			for _, b := range s.rounds {
				fmt.Fprintf(&buf, "BenchmarkSpawn/scenario=%s/path=%s-%d\t%d\t%.0f ns/op",
					r.scenario.name, s.path.name, runtime.GOMAXPROCS(0), len(b.ns), percentile(sorted(b.ns), 50))
				if b.mallocs >= 0 {
					fmt.Fprintf(&buf, "\t%.0f B/op\t%.0f allocs/op", b.bytes, b.mallocs)
				}
				buf.WriteByte('\n')
			}
		}
	}
	return buf.Bytes()
}
