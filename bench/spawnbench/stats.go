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

// A ratio is the median over the rounds, and between which values it lies in
// eight rounds of ten.
type ratio struct{ median, p10, p90 float64 }

// ratioOfRounds compares two paths round by round: what disturbs the machine
// for longer than a round disturbs both and falls out.
func ratioOfRounds(of, to []round) ratio {
	var ratios []float64
	for i := range min(len(of), len(to)) {
		if to[i].Cost > 0 {
			ratios = append(ratios, of[i].Cost/to[i].Cost)
		}
	}
	slices.Sort(ratios)
	return ratio{percentile(ratios, 50), percentile(ratios, 10), percentile(ratios, 90)}
}

// relative is how much one path costs in terms of another in the same result, or NaN.
func (r *result) relative(of, to string) float64 {
	if r == nil || r.find(of) == nil || r.find(to) == nil {
		return math.NaN()
	}
	return ratioOfRounds(r.find(of).Rounds, r.find(to).Rounds).median
}

// growth is how much more a path costs at one point than at another. Both are taken
// in terms of the floor, whose worker knows no conditions: points are measured one
// after the other, and the machine may have become slower between them.
func (rec *record) growth(scenario, path string, from, to int) float64 {
	return rec.at(scenario, to).relative(path, floorPath) / rec.at(scenario, from).relative(path, floorPath)
}
