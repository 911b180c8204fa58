// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// The report's plots, as SVG whose colours are the page's classes.

const plotWidth = 880

// A drawing is an SVG that grows.
type drawing struct{ strings.Builder }

func (d *drawing) add(format string, args ...any) { fmt.Fprintf(&d.Builder, format+"\n", args...) }

// text writes a label. anchor is start, middle or end.
func (d *drawing) text(x, y float64, anchor, class, text string) {
	d.add(`<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, template.HTMLEscapeString(text))
}

func (d *drawing) line(x1, y1, x2, y2 float64, class string) {
	d.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`, x1, y1, x2, y2, class)
}

func (d *drawing) html(height float64, label string) template.HTML {
	return template.HTML(fmt.Sprintf("<svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"%s\">\n%s</svg>",
		plotWidth, height, template.HTMLEscapeString(label), d.String()))
}

// A scale maps values to places.
type scale struct {
	low, high float64 // values
	from, to  float64 // places
	log       bool
}

func (s *scale) at(v float64) float64 {
	f := func(v float64) float64 { return v }
	if s.log {
		f = math.Log
	}
	if s.high == s.low {
		return (s.from + s.to) / 2
	}
	return s.from + (f(v)-f(s.low))/(f(s.high)-f(s.low))*(s.to-s.from)
}

// ticks returns round values, not more than a reader needs.
func (s *scale) ticks() (list []float64) {
	if !s.log {
		step := math.Pow(10, math.Floor(math.Log10((s.high-s.low)/2)))
		for (s.high-s.low)/step > 6 {
			step *= 2
		}
		for v := math.Ceil(s.low/step) * step; v <= s.high; v += step {
			list = append(list, v)
		}
		return list
	}
	factors := []float64{1, 2, 5}
	if s.high/s.low > 200 {
		factors = factors[:1]
	}
	for decade := math.Pow(10, math.Floor(math.Log10(s.low))); decade <= s.high; decade *= 10 {
		for _, f := range factors {
			if v := f * decade; v >= s.low*0.999 && v <= s.high*1.001 {
				list = append(list, v)
			}
		}
	}
	return list
}

// duration formats nanoseconds for people.
func duration(ns float64) string {
	switch {
	case ns >= 1e9:
		return short(ns/1e9) + " s"
	case ns >= 1e6:
		return short(ns/1e6) + " ms"
	}
	return short(ns/1e3) + " µs"
}

// short formats a number with three digits.
func short(v float64) string {
	switch {
	case v == 0 || v == math.Trunc(v) && v < 1e6:
		return fmt.Sprintf("%.0f", v)
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// distributions draws each path's latencies as a hill over one common axis of time, the
// fastest first, with p50, p90 and p99.
func distributions(r *result) template.HTML {
	var rows []*series
	low, high := math.Inf(1), 0.0
	for _, s := range r.Series {
		if s.Missing == "" && s.Hist.n > 0 {
			rows = append(rows, s)
			low, high = min(low, s.Hist.percentile(0)), max(high, s.Hist.percentile(99))
		}
	}
	slices.SortStableFunc(rows, func(a, b *series) int { return cmp.Compare(a.Hist.percentile(50), b.Hist.percentile(50)) })
	const top, rowHeight, left, right = 30, 34, 130, 690
	bottom := float64(top + rowHeight*len(rows))
	x := &scale{low * 0.85, high * 1.1, left, right, true}
	d := new(drawing)
	for _, v := range x.ticks() {
		d.line(x.at(v), top-6, x.at(v), bottom, "grid")
		d.text(x.at(v), top-12, "middle", "tick", duration(v))
	}
	d.text(right+62, top-12, "end", "tick", "p50")
	d.text(right+122, top-12, "end", "tick", "p90")
	d.text(right+185, top-12, "end", "tick", "p99")
	for i, s := range rows {
		base := float64(top + rowHeight*(i+1))
		d.line(left, base, right, base, "base")
		d.add(`<g class="%s"><title>%s</title>`, pathClass(s.Path), template.HTMLEscapeString(s.Title))
		d.hill(x, s.Hist, base, rowHeight-4)
		d.text(left-10, base-6, "end", "name", s.Path)
		for k, p := range []float64{50, 90, 99} {
			v := s.Hist.percentile(p)
			if place := x.at(v); place <= right {
				d.line(place, base, place, base-[]float64{rowHeight - 4, 14, 8}[k], "mark")
			}
			d.text(right+[]float64{62, 122, 185}[k], base-6, "end", "value", duration(v))
		}
		d.add("</g>")
	}
	return d.html(bottom+6, "latency distributions of "+r.name())
}

// hill draws the density of a histogram on a logarithmic axis.
func (d *drawing) hill(x *scale, h *histogram, base, height float64) {
	const n = 140
	var bins [n]float64
	for b, c := range h.counts {
		if place := (x.at(float64(lowest(b)+lowest(b+1))/2) - x.from) / (x.to - x.from) * n; c > 0 && place >= 0 && place < n {
			bins[int(place)] += float64(c)
		}
	}
	for range 3 { // a bucket falls into one bin and leaves the next one empty
		last := bins
		for i := range bins {
			bins[i] = (last[max(i-1, 0)] + 2*last[i] + last[min(i+1, n-1)]) / 4
		}
	}
	highest := slices.Max(bins[:])
	var points strings.Builder
	for i, v := range bins {
		fmt.Fprintf(&points, "%.1f,%.1f ", x.from+(float64(i)+0.5)/n*(x.to-x.from), base-v/max(highest, 1e-9)*height)
	}
	d.add(`<polygon points="%.1f,%.1f %s%.1f,%.1f" class="hill"/>`, x.from, base, points.String(), x.to, base)
}

// A curve is one path's line in a plot; NaN leaves a gap.
type curve struct {
	path   string
	values []float64
}

// lines draws curves over points. Values are on a logarithmic axis, and so are the
// points unless the first is 0.
func lines(label, axis string, points []int, curves []curve, format func(float64) string) template.HTML {
	const top, height, left, right = 14, 300, 70, 720
	low, high := math.Inf(1), 0.0
	for _, c := range curves {
		for _, v := range c.values {
			if v > 0 {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	x := &scale{float64(points[0]), float64(points[len(points)-1]), left, right, points[0] > 0}
	y := &scale{low * 0.8, high * 1.25, top + height, top, true}
	d := new(drawing)
	for _, v := range y.ticks() {
		d.line(left, y.at(v), right, y.at(v), "grid")
		d.text(left-8, y.at(v)+4, "end", "tick", format(v))
	}
	last := math.Inf(-1)
	for _, p := range points {
		place := x.at(float64(p))
		d.line(place, top+height, place, top+height+5, "base")
		if place-last > 36 {
			d.text(place, top+height+18, "middle", "tick", fmt.Sprint(p))
			last = place
		}
	}
	d.line(left, top+height, right, top+height, "base")
	d.text((left+right)/2, top+height+36, "middle", "tick", axis)
	for _, c := range curves {
		d.curve(x, y, points, c, format)
	}
	d.names(curves, y, right+12)
	return d.html(top+height+44, label)
}

func (d *drawing) curve(x, y *scale, points []int, c curve, format func(float64) string) {
	d.add(`<g class="%s">`, pathClass(c.path))
	path, pen := "", "M"
	for i, v := range c.values {
		if !(v > 0) {
			pen = "M"
			continue
		}
		px, py := x.at(float64(points[i])), y.at(v)
		path += fmt.Sprintf("%s%.1f %.1f", pen, px, py)
		pen = "L"
		d.add(`<circle cx="%.1f" cy="%.1f" r="3.5"><title>%s at %d: %s</title></circle>`, px, py, c.path, points[i], format(v))
	}
	d.add(`<path d="%s" class="curve"/></g>`, path)
}

// names writes each curve's name beside its end, moved as far as it must be to be read.
func (d *drawing) names(curves []curve, y *scale, x float64) {
	type name struct {
		path string
		y    float64
	}
	var all []name
	for _, c := range curves {
		for i := len(c.values) - 1; i >= 0; i-- {
			if c.values[i] > 0 {
				all = append(all, name{c.path, y.at(c.values[i])})
				break
			}
		}
	}
	slices.SortFunc(all, func(a, b name) int { return cmp.Compare(a.y, b.y) })
	const distance = 16
	for i := range all {
		if i > 0 {
			all[i].y = max(all[i].y, all[i-1].y+distance)
		}
	}
	for i := len(all) - 1; i >= 0; i-- { // back up from the lower edge
		limit := y.from
		if i < len(all)-1 {
			limit = all[i+1].y - distance
		}
		all[i].y = min(all[i].y, limit)
	}
	for _, n := range all {
		d.add(`<g class="%s">`, pathClass(n.path))
		d.text(x, n.y+4, "start", "name", n.path)
		d.add("</g>")
	}
}

// bars draws the values of some units, path by path, on one axis from 0.
func bars(r *result, units []string) template.HTML {
	const left, right, top, thick, gap = 130, 760, 8, 16, 12
	high := 0.0
	for _, s := range r.Series {
		for _, unit := range units {
			if v, ok := s.value(unit); ok {
				high = max(high, v)
			}
		}
	}
	x := &scale{0, high, left, right, false}
	d := new(drawing)
	place := float64(top)
	for _, s := range r.Series {
		if s.Missing != "" {
			continue
		}
		d.add(`<g class="%s">`, pathClass(s.Path))
		d.text(left-10, place+thick*float64(len(units))/2+4, "end", "name", s.Path)
		for _, unit := range units {
			v, _ := s.value(unit)
			d.add(`<rect x="%d" y="%.1f" width="%.1f" height="%d" class="bar"/>`, left, place, max(x.at(v)-left, 1), thick-3)
			name, _, _ := strings.Cut(unit, "-")
			d.text(x.at(v)+6, place+11, "start", "value", short(v)+" ms "+name)
			place += thick
		}
		d.add("</g>")
		place += gap
	}
	return d.html(place, r.name())
}

// pathClass is the class that gives a path its colour, the same in all plots.
func pathClass(path string) string { return "path p-" + path }
