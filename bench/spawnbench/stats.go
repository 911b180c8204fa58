// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"cmp"
	"math"
	"slices"
)

// sorted returns a sorted copy.
func sorted[T cmp.Ordered](values []T) []T {
	s := slices.Clone(values)
	slices.Sort(s)
	return s
}

// percentile returns the value below which p percent of the sorted values lie,
// interpolated between the two nearest. It is NaN for none.
func percentile[T int64 | float64](sorted []T, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	rank := p / 100 * float64(len(sorted)-1)
	i := int(rank)
	low := float64(sorted[i])
	if i+1 == len(sorted) {
		return low
	}
	return low + (rank-float64(i))*(float64(sorted[i+1])-low)
}

// summary is what the table shows of a series, in nanoseconds.
type summary struct {
	p50, p90, p99, max float64
	mallocs, bytes     float64 // per spawn; negative where there is no Go heap
}

func summarize(rounds []*batch) summary {
	var all []int64
	var mallocs, bytes []float64
	for _, b := range rounds {
		all = append(all, b.ns...)
		mallocs = append(mallocs, b.mallocs)
		bytes = append(bytes, b.bytes)
	}
	slices.Sort(all)
	return summary{
		p50: percentile(all, 50), p90: percentile(all, 90), p99: percentile(all, 99),
		max:     percentile(all, 100),
		mallocs: percentile(sorted(mallocs), 50), bytes: percentile(sorted(bytes), 50),
	}
}

// A ratio is the median over the rounds, and between which values it lies in
// eight rounds of ten.
type ratio struct{ median, p10, p90 float64 }

// ratioOfRounds compares two paths round by round: what disturbs the machine
// for longer than a round disturbs both and falls out.
func ratioOfRounds(of, to []*batch) ratio {
	var ratios []float64
	for i := range min(len(of), len(to)) {
		divisor := percentile(sorted(to[i].ns), 50)
		if divisor > 0 {
			ratios = append(ratios, percentile(sorted(of[i].ns), 50)/divisor)
		}
	}
	slices.Sort(ratios)
	return ratio{percentile(ratios, 50), percentile(ratios, 10), percentile(ratios, 90)}
}
