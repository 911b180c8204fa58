// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A start often takes one of two times: the child stays on its CPU, or the kernel moves it
// to another one at the execve. A median lies in one of these humps and jumps to the other
// when their shares change a little; the humps themselves and their shares tell more.
type hump struct {
	at    float64 // nanoseconds, where most of it lies
	share float64 // of all starts
}

const (
	humpBin     = 0.03 // width of a bin, as a part of the time
	leastInHump = 0.10
	leastStarts = 200 // fewer have hills by chance
	// farthest is how many bins a second hump may be away, three times the time: what takes
	// longer has waited for a CPU that others kept busy.
	farthest = 37
)

// humps returns the one or two humps of the latencies, or none if there are too few.
func (h *histogram) humps() []hump {
	if h == nil || h.n < leastStarts {
		return nil
	}
	low, high := h.percentile(1), h.percentile(98)
	bins := h.density(low, high)
	first := highest(bins, 0, len(bins))
	second, valley := -1, 0
	for i := max(1, first-farthest); i < min(len(bins)-1, first+farthest); i++ {
		v := lowestBetween(bins, first, i)
		top := bins[i] > 0 && bins[i] >= bins[i-1] && bins[i] >= bins[i+1] && bins[v] <= 0.6*bins[i]
		if i != first && top && (second < 0 || bins[i] > bins[second]) {
			second, valley = i, v
		}
	}
	place := func(bin int) float64 { return low * math.Exp((float64(bin)+0.5)*humpBin) }
	if second < 0 {
		return []hump{{place(first), 1}}
	}
	below := h.below(place(valley))
	if below < leastInHump || below > 1-leastInHump {
		return []hump{{place(first), 1}}
	}
	return []hump{{place(min(first, second)), below}, {place(max(first, second)), 1 - below}}
}

// density spreads the histogram over bins of equal width on a logarithmic axis, smoothed.
func (h *histogram) density(low, high float64) []float64 {
	bins := make([]float64, int(math.Log(high/low)/humpBin)+2)
	for b, c := range h.counts {
		v := float64(lowest(b)+lowest(b+1)) / 2
		if i := int(math.Log(v/low) / humpBin); c > 0 && v >= low && i < len(bins) {
			bins[i] += float64(c)
		}
	}
	for range 4 {
		last := slices.Clone(bins)
		for i := range bins {
			bins[i] = (last[max(i-1, 0)] + 2*last[i] + last[min(i+1, len(bins)-1)]) / 4
		}
	}
	return bins
}

func highest(bins []float64, from, to int) int {
	best := from
	for i := from; i < to; i++ {
		if bins[i] > bins[best] {
			best = i
		}
	}
	return best
}

func lowestBetween(bins []float64, a, b int) int {
	if a > b {
		a, b = b, a
	}
	best := a
	for i := a; i <= b; i++ {
		if bins[i] < bins[best] {
			best = i
		}
	}
	return best
}

// below is the part of all values that are smaller.
func (h *histogram) below(v float64) float64 {
	var n int64
	for b, c := range h.counts {
		if float64(lowest(b)) < v {
			n += c
		}
	}
	return float64(n) / float64(max(h.n, 1))
}

// humpText says where the humps are, with the share of each if there are two.
func (h *histogram) humpText() string {
	var parts []string
	all := h.humps()
	for _, one := range all {
		text := micros(one.at)
		if len(all) > 1 {
			text += fmt.Sprintf(": %.0f %%", one.share*100)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}
