// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"math"
	"math/rand"
	"slices"
	"strings"
)

// An estimate is a ratio with the interval in which it lies, as far as this run can tell.
// The interval's ends are NaN where there were too few rounds to have one.
type estimate struct{ value, low, high float64 }

const (
	// leastRounds: an interval from fewer rounds says little.
	leastRounds = 5
	// resamples of the bootstrap: the ends of a 95 % interval are then each made of 25.
	resamples = 1000
)

var unknown = estimate{math.NaN(), math.NaN(), math.NaN()}

// ratioOfRounds compares two paths round by round: what disturbs the machine for longer
// than a round disturbs both and falls out.
func ratioOfRounds(of, to []round) estimate {
	groups := ratioGroups(of, to)
	return interval(middle(groups), bootstrap(groups, 1))
}

// ratioGroups returns the ratio of each round, in groups that chance may have given
// something in common.
func ratioGroups(of, to []round) [][]float64 {
	bySession := make(map[int]int)
	var groups [][]float64
	n := 0
	for i := range min(len(of), len(to)) {
		if !(to[i].Cost > 0) {
			continue
		}
		k, ok := bySession[of[i].Session]
		if !ok {
			k = len(groups)
			bySession[of[i].Session] = k
			groups = append(groups, nil)
		}
		groups[k] = append(groups[k], of[i].Cost/to[i].Cost)
		n++
	}
	if len(groups) >= leastRounds {
		return groups
	}
	single := make([][]float64, 0, n) // too few sessions: each round for itself
	for _, g := range groups {
		for _, v := range g {
			single = append(single, []float64{v})
		}
	}
	return single
}

func middle(groups [][]float64) float64 {
	return percentile(sorted(slices.Concat(groups...)), 50)
}

// bootstrap returns the medians of samples drawn from the groups, with replacement, as
// many as there are. Drawing whole groups keeps the interval as wide as it must be where
// rounds of a group resemble each other. The same rounds always give the same interval.
func bootstrap(groups [][]float64, seed int64) []float64 {
	if len(groups) < leastRounds {
		return nil
	}
	random := rand.New(rand.NewSource(seed))
	medians := make([]float64, resamples)
	var sample []float64
	for i := range medians {
		sample = sample[:0]
		for range groups {
			sample = append(sample, groups[random.Intn(len(groups))]...)
		}
		slices.Sort(sample)
		medians[i] = percentile(sample, 50)
	}
	return medians
}

// interval makes an estimate of a value and its bootstrap.
func interval(value float64, medians []float64) estimate {
	s := sorted(medians)
	return estimate{value, percentile(s, 2.5), percentile(s, 97.5)}
}

// relative is how much one path costs in terms of another in the same result.
func (r *result) relative(of, to string) estimate {
	if r == nil || r.find(of) == nil || r.find(to) == nil {
		return unknown
	}
	return ratioOfRounds(r.find(of).Rounds, r.find(to).Rounds)
}

// quotient is one ratio in terms of another from other rounds.
func quotient(of, to [][]float64) estimate {
	above, below := bootstrap(of, 1), bootstrap(to, 2)
	var medians []float64
	for i := range min(len(above), len(below)) {
		medians = append(medians, above[i]/below[i])
	}
	return interval(middle(of)/middle(to), medians)
}

// growth is how much more a path costs at one point than at another. Both are taken
// in terms of the floor, whose worker knows no conditions: points are measured one
// after the other, and the machine may have become slower between them.
func (rec *record) growth(scenario, path string, from, to int) estimate {
	at := func(point int) [][]float64 {
		r := rec.at(scenario, point)
		if r == nil || r.find(path) == nil || r.find(floorPath) == nil {
			return nil
		}
		return ratioGroups(r.find(path).Rounds, r.find(floorPath).Rounds)
	}
	return quotient(at(to), at(from))
}

// told reports whether it can be told that the ratio is not 1.
func (e estimate) told() bool { return e.low > 1 || e.high < 1 }

// within reports whether the interval is as narrow as that, on either side.
func (e estimate) within(part float64) bool {
	return e.high-e.value <= part*e.value && e.value-e.low <= part*e.value
}

// String is for tables: the ratio with its interval, and no ratio where the interval holds
// 1: its median would be read all the same.
func (e estimate) String() string {
	if math.IsNaN(e.low) || e.told() {
		return e.numbers()
	}
	return fmt.Sprintf("no difference (%s–%s)", figure(e.low), figure(e.high))
}

// numbers is the ratio with its interval, if there is one, whatever they say.
func (e estimate) numbers() string {
	switch {
	case math.IsNaN(e.value):
		return ""
	case math.IsNaN(e.low):
		return figure(e.value)
	}
	return fmt.Sprintf("%s (%s–%s)", figure(e.value), figure(e.low), figure(e.high))
}

// figure writes a ratio with as many digits as anybody reads.
func figure(v float64) string {
	switch {
	case v > 0 && v < 0.1:
		return fmt.Sprintf("%.2g", v)
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

const noDifference = "no difference that can be told"

// words says a ratio as people do: "17 % (14 to 20) less".
func (e estimate) words() string {
	switch {
	case math.IsNaN(e.low):
		return "too few rounds to tell"
	case !e.told():
		return noDifference
	case e.value >= 2:
		return fmt.Sprintf("%s times as much (%s to %s)", figure(e.value), figure(e.low), figure(e.high))
	case e.value > 1:
		return percentages(e.value-1, e.low-1, e.high-1) + " more"
	}
	return percentages(1-e.value, 1-e.high, 1-e.low) + " less"
}

// percentages writes parts of 1, with a digit behind the point where one of them would
// be 0 without.
func percentages(value, low, high float64) string {
	verb := "%.0f"
	if strings.Contains(fmt.Sprintf(" %.0f %.0f ", value*100, low*100), " 0 ") {
		verb = "%.1f"
	}
	return fmt.Sprintf(verb+" %% ("+verb+" to "+verb+")", value*100, low*100, high*100)
}
