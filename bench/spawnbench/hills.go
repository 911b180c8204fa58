// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// Distributions of latencies, as hills over one axis for each group of paths that do the
// same. Rows stand in the order of the paths, not of their medians: unlike things have no
// order.

type hillGroup struct {
	Title, Class string
	Axis         template.HTML
	Rows         []hillRow
}

type hillRow struct {
	Path, Title   string
	P50, P90, P99 string
	Humps         string
	Image         template.HTML
}

// hillGroups returns what a result has, group by group.
func hillGroups(r *result) (list []hillGroup) {
	for i, title := range groups {
		var rows []*series
		low, high := math.Inf(1), 0.0
		for _, p := range allPaths {
			if s := r.find(p.name); p.group == title && s != nil && s.Hist.n > 0 {
				rows = append(rows, s)
				low, high = min(low, s.Hist.percentile(0)), max(high, s.Hist.percentile(99))
			}
		}
		if len(rows) == 0 {
			continue
		}
		x := &scale{low * 0.9, high * 1.15, 0, 100, true}
		g := hillGroup{Title: title, Class: fmt.Sprint("g", i), Axis: hillAxis(x)}
		for _, s := range rows {
			h := s.Hist
			g.Rows = append(g.Rows, hillRow{s.Path, s.Title, unbroken(duration(h.percentile(50))), unbroken(duration(h.percentile(90))),
				unbroken(duration(h.percentile(99))), unbroken(humpWords(h)), hill(x, s)})
		}
		list = append(list, g)
	}
	return list
}

func humpWords(h *histogram) string {
	all := h.humps()
	if len(all) < 2 {
		return ""
	}
	return fmt.Sprintf("two humps: %.0f %% around %s, %.0f %% around %s", all[0].share*100, duration(all[0].at),
		all[1].share*100, duration(all[1].at))
}

func hillAxis(x *scale) template.HTML {
	d := new(drawing)
	last := math.Inf(-1)
	for _, v := range x.ticks() {
		if at := x.at(v); at > 5 && at < 95 && at-last > 14 {
			d.text(at, 13, "middle", "tick", duration(v))
			last = at
		}
	}
	return d.html(16, "")
}

// ourPaths are drawn filled, the others as outlines.
var ourPaths = []string{"exec", "exec_nocgo", "exec_nil", "exec_output", "forkexec", "nocgo", "start", "close_fds", "close_fds_high",
	"c_spawn", "c_spawn_wait"}

// hill draws the density of a path's latencies, with marks at p50, p90 and p99.
func hill(x *scale, s *series) template.HTML {
	const n, height, base = 140, 36.0, 40.0
	var bins [n]float64
	for b, c := range s.Hist.counts {
		if place := x.at(float64(lowest(b)+lowest(b+1))/2) / 100 * n; c > 0 && place >= 0 && place < n {
			bins[int(place)] += float64(c)
		}
	}
	for range 3 { // a bucket falls into one bin and leaves the next one empty
		last := bins
		for i := range bins {
			bins[i] = (last[max(i-1, 0)] + 2*last[i] + last[min(i+1, n-1)]) / 4
		}
	}
	top := max(slices.Max(bins[:]), 1e-9)
	var points strings.Builder
	for i, v := range bins {
		fmt.Fprintf(&points, "%.1f,%.1f ", float64(i)+0.5, base-v/top*height)
	}
	class := "hill"
	if !slices.Contains(ourPaths, s.Path) {
		class = "hill outline"
	}
	d := new(drawing)
	d.add(`<svg width="100%%" height="%.0f" viewBox="0 0 %d %.0f" preserveAspectRatio="none"><polygon points="0,%.1f %s%d,%.1f" class="%s"/></svg>`,
		base+2, n, base+2, base, points.String(), n, base, class)
	for k, p := range []float64{50, 90, 99} {
		if at := x.at(s.Hist.percentile(p)); at <= 100 {
			d.line(at, base, at, base-[]float64{height, 24, 14}[k], fmt.Sprintf("p p%.0f", p))
		}
	}
	return d.html(base+2, "")
}
