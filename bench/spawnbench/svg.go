// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// The report's plots are SVG without a viewBox: places across are percentages, so that a
// plot is as wide as the screen and its text as large as any other. Colours are the page's
// classes.

// A drawing is an SVG that grows.
type drawing struct{ strings.Builder }

func (d *drawing) add(format string, args ...any) { fmt.Fprintf(&d.Builder, format+"\n", args...) }

// text writes a label. anchor is start, middle or end.
func (d *drawing) text(x, y float64, anchor, class, text string) {
	d.add(`<text x="%.2f%%" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, template.HTMLEscapeString(text))
}

func (d *drawing) line(x1, y1, x2, y2 float64, class string) {
	d.add(`<line x1="%.2f%%" y1="%.1f" x2="%.2f%%" y2="%.1f" class="%s"/>`, x1, y1, x2, y2, class)
}

// mark draws one of some shapes around a place.
func (d *drawing) mark(x, y float64, shape int, class string) {
	d.add(`<svg x="%.2f%%" y="%.1f" class="%s"><path d="%s"/></svg>`, x, y, class, shapes[shape%len(shapes)])
}

// shapes tell lines apart without colours.
var shapes = []string{
	"M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z", "M-4 -4H4V4H-4Z", "M0 -5L5 4H-5Z", "M0 -5.5L5 0L0 5.5L-5 0Z", "M0 5L5 -4H-5Z",
	"M-5 -2H-2V-5H2V-2H5V2H2V5H-2V2H-5Z",
}

// html returns the drawing. What it shows must stand in text beside it: a screen reader
// gets the label only, or nothing.
func (d *drawing) html(height float64, label string) template.HTML {
	who := `aria-hidden="true"`
	if label != "" {
		who = fmt.Sprintf(`role="img" aria-label="%s"`, template.HTMLEscapeString(label))
	}
	return template.HTML(fmt.Sprintf("<svg width=\"100%%\" height=\"%.0f\" %s>\n%s</svg>", height, who, d.String()))
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
