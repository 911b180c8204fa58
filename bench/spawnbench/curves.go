// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"html/template"
	"math"
)

// Curves over an axis of a scenario. Each has a colour and a shape, which the list below
// the plot explains together with the path.

// A curve is one path's line in a plot; NaN leaves a gap.
type curve struct {
	path, title string
	values      []float64
}

// An axisPlot is a plot with its legend.
type axisPlot struct {
	Caption string
	Image   template.HTML
	Legend  []legendRow
}

type legendRow struct {
	Path, Title, Class string
	Swatch             template.HTML
	First, Last        string // "10 descriptors: 54 µs"
}

// over collects a value of each path over the points of an axis.
func over(all []*result, value func(*series) float64) (points []int, curves []curve) {
	index := make(map[string]int)
	for i, r := range all {
		points = append(points, r.Point)
		for _, s := range r.Series {
			if r.find(s.Path) == nil {
				continue
			}
			k, ok := index[s.Path]
			if !ok {
				k = len(curves)
				index[s.Path] = k
				values := make([]float64, len(all))
				for j := range values {
					values[j] = math.NaN()
				}
				curves = append(curves, curve{s.Path, s.Title, values})
			}
			curves[k].values[i] = value(s)
		}
	}
	return points, curves
}

// lines draws curves over points. Values are on a logarithmic axis, and so are the
// points unless the first is 0.
func lines(caption, axis string, points []int, curves []curve, format func(float64) string) axisPlot {
	const top, height, left, right = 10, 240, 14, 97 // the labels of the values stand on the left
	low, high := math.Inf(1), 0.0
	for _, c := range curves {
		for _, v := range c.values {
			if v > 0 {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	plot := axisPlot{Caption: caption}
	if high == 0 {
		return plot
	}
	x := &scale{float64(points[0]), float64(points[len(points)-1]), left, right, points[0] > 0}
	y := &scale{low * 0.8, high * 1.3, top + height, top, true}
	d := new(drawing)
	for _, v := range y.ticks() {
		d.line(0, y.at(v), 100, y.at(v), "grid")
		d.text(0, y.at(v)-3, "start", "tick", format(v))
	}
	last := math.Inf(-1)
	for _, p := range points {
		place := x.at(float64(p))
		d.line(place, top+height, place, top+height+5, "base")
		if place-last > 10 {
			d.text(place, top+height+18, "middle", "tick", fmt.Sprint(p))
			last = place
		}
	}
	d.line(0, top+height, 100, top+height, "base")
	d.text(50, top+height+36, "middle", "tick", axis)
	for i, c := range curves {
		d.curve(x, y, points, c, i)
		plot.Legend = append(plot.Legend, legend(points, c, i, axis, format))
	}
	plot.Image = d.html(top+height+44, caption+"; the values stand in the list and the tables below")
	return plot
}

func (d *drawing) curve(x, y *scale, points []int, c curve, number int) {
	d.add(`<g class="c%d">`, number%curveColours)
	before := -1
	for i, v := range c.values {
		if !(v > 0) {
			before = -1
			continue
		}
		px, py := x.at(float64(points[i])), y.at(v)
		if before >= 0 {
			d.line(x.at(float64(points[before])), y.at(c.values[before]), px, py, "curve")
		}
		d.mark(px, py, number, "mark")
		before = i
	}
	d.add("</g>")
}

// curveColours is how many the page has.
const curveColours = 8

func legend(points []int, c curve, number int, axis string, format func(float64) string) legendRow {
	d := new(drawing)
	d.add(`<g class="c%d">`, number%curveColours)
	d.line(0, 8, 100, 8, "curve")
	d.mark(50, 8, number, "mark")
	d.add("</g>")
	row := legendRow{Path: c.path, Title: c.title, Class: fmt.Sprint("c", number%curveColours),
		Swatch: template.HTML(`<svg width="34" height="16" aria-hidden="true">` + d.String() + `</svg>`)}
	for i, v := range c.values {
		if !(v > 0) {
			continue
		}
		row.Last = unbroken(fmt.Sprintf("%d: %s", points[i], format(v)))
		if row.First == "" {
			row.First = row.Last
		}
	}
	return row
}
