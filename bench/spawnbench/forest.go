// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"html/template"
	"math"
)

// The report's first picture: each comparable pair's ratio with its interval, beside a
// line at 1.

// A forestGroup is what belongs to one program.
type forestGroup struct {
	Title    template.HTML
	Sentence bool // the title is no command line
	Axis     template.HTML
	Rows     []forestRow
	More     []forestRow // folded: what matters less
}

type forestRow struct {
	Class        string // its colour, the same everywhere
	Ours, Theirs string
	Ratio, Words string
	Image        template.HTML
}

func (p *pair) class() string {
	for i := range pairs {
		if p == &pairs[i] {
			return fmt.Sprint("k", i)
		}
	}
	return ""
}

func forest(rec *record) (list []forestGroup) {
	x := forestScale(rec)
	for n, r := range rec.programs() {
		g := forestGroup{Title: withCode(r.program()), Sentence: r.program()[0] != '`', Axis: forestAxis(x)}
		for i := range rec.Ratios {
			one := &rec.Ratios[i]
			if one.result != r {
				continue
			}
			row := forestRow{Class: one.pair.class(), Ours: one.pair.ours, Theirs: one.pair.theirs,
				Ratio: one.estimate.String(), Words: unbroken(one.inWords()), Image: forestBar(x, one.estimate)}
			if n == 0 || one.pair.headline {
				g.Rows = append(g.Rows, row)
			} else {
				g.More = append(g.More, row)
			}
		}
		if len(g.Rows)+len(g.More) > 0 {
			list = append(list, g)
		}
	}
	return list
}

// inWords adds to the ratio what it means; that there is no difference it says itself.
func (one *pairResult) inWords() string {
	if one.Words == noDifference {
		return ""
	}
	return one.Words
}

// forestScale holds all ratios, but not those that would make the others unreadable.
func forestScale(rec *record) *scale {
	low, high := 0.8, 1.1
	for _, one := range rec.Ratios {
		if one.result.Axis != "" {
			continue
		}
		for _, v := range []float64{one.estimate.value, one.estimate.low, one.estimate.high} {
			if !math.IsNaN(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	return &scale{max(low*0.97, 0.45), min(high*1.03, 1.6), 2, 98, true}
}

func forestAxis(x *scale) template.HTML {
	d := new(drawing)
	for _, v := range []float64{0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.5} {
		if v < x.low || v > x.high || x.at(1)-x.at(v) < 9 && v < 1 {
			continue
		}
		class := "tick"
		if v == 1 {
			class = "tick same"
		}
		d.text(x.at(v), 13, "middle", class, fmt.Sprint(v))
	}
	return d.html(16, "")
}

// forestBar draws an interval: a bar with a mark, which is hollow where no difference can
// be told, and an arrow where it lies beyond the scale.
func forestBar(x *scale, e estimate) template.HTML {
	const middle = 11
	d := new(drawing)
	d.line(x.from, middle, x.to, middle, "track")
	d.line(x.at(1), -100, x.at(1), 122, "one") // as high as the row, which cuts it off
	within := func(v float64) float64 { return min(max(v, x.low), x.high) }
	switch {
	case math.IsNaN(e.value):
	case e.value < x.low:
		d.add(`<svg x="%.2f%%" y="%d" class="mark"><path d="M-4 0L6 -6V6Z"/></svg>`, x.from+1, middle)
	case e.value > x.high:
		d.add(`<svg x="%.2f%%" y="%d" class="mark"><path d="M4 0L-6 -6V6Z"/></svg>`, x.to-1, middle)
	default:
		if !math.IsNaN(e.low) {
			d.line(x.at(within(e.low)), middle, x.at(within(e.high)), middle, "interval")
		}
		class := "mark"
		if !e.told() {
			class = "mark hollow"
		}
		d.mark(x.at(e.value), middle, 0, class)
	}
	return d.html(22, "")
}
