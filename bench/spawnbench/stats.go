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
