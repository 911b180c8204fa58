// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
)

// The report must be whole in itself and well formed; what it looks like, a browser
// shows.
func TestReport(t *testing.T) {
	page, err := reportHTML(fake())
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, want := range []string{"&lt;CPU&gt; &amp; co", "rust: not run: rustc is not installed",
		"git (git): not run: git is not installed", `<td class="met">met</td>`, `class="path p-forkexec"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not contain %q", want)
		}
	}
	if got := regexp.MustCompile(`(?i)(src|href)="[^#]|url\(|NaN|Inf\b|%!|ZgotmplZ`).FindAllString(text, -1); got != nil {
		t.Errorf("the report contains %q", got)
	}
	images := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(text, -1)
	if len(images) != 4 { // two distributions; over the axis a curve and a distribution
		t.Errorf("%d plots, want 4", len(images))
	}
	for _, image := range images {
		d := xml.NewDecoder(strings.NewReader(image))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%v in\n%s", err, image)
			}
		}
	}
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		s    scale
		want string
	}{
		{scale{0, 8192, 0, 1, false}, "[0 2000 4000 6000 8000]"},
		{scale{0, 210, 0, 1, false}, "[0 100 200]"},
		{scale{1, 64, 0, 1, true}, "[1 2 5 10 20 50]"},
		{scale{10, 19000, 0, 1, true}, "[10 100 1000 10000]"},
	} {
		if got := fmt.Sprint(c.s.ticks()); got != c.want {
			t.Errorf("ticks of %v to %v: %s, want %s", c.s.low, c.s.high, got, c.want)
		}
		if c.s.at(c.s.low) != 0 || math.Abs(c.s.at(c.s.high)-1) > 1e-9 {
			t.Errorf("ends of %v to %v: %v and %v", c.s.low, c.s.high, c.s.at(c.s.low), c.s.at(c.s.high))
		}
	}
	if one := (&scale{5, 5, 0, 10, true}); one.at(5) != 5 {
		t.Errorf("a scale of one value puts it at %v", one.at(5))
	}
}

// Names beside the ends of curves that end close together must not cover each other, nor
// leave the plot.
func TestNamesApart(t *testing.T) {
	var curves []curve
	for i := range 8 {
		curves = append(curves, curve{fmt.Sprint("p", i), []float64{1, 100 + float64(i)/100}})
	}
	image := string(lines("l", "a", []int{1, 2}, curves, short))
	var last float64
	for i, m := range regexp.MustCompile(`x="732.0" y="([\d.]+)"`).FindAllStringSubmatch(image, -1) {
		var y float64
		fmt.Sscan(m[1], &y)
		if i > 0 && y-last < 15.9 || y < 0 || y > 330 {
			t.Errorf("name %d stands at %v, the one before at %v", i, y, last)
		}
		last = y
	}
	if last == 0 {
		t.Error("no names")
	}
}

func TestReadmeTable(t *testing.T) {
	text := string(readmeTable(fake()))
	for _, want := range []string{
		"| **forkexec.ForkExec** | **40.0** | **0.80 (0.80–0.80)** |", "| syscall.ForkExec | 50.0 | 1 | 706.6 | 1 |", "Go 1.99",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "Rust") {
		t.Error("a path that has not run is in the table")
	}
	if fast, slow := strings.Index(text, "**forkexec"), strings.Index(text, "| syscall"); fast > slow {
		t.Error("the slower path stands first")
	}
}

func TestBenchLines(t *testing.T) {
	text := string(benchLines(fake()))
	for _, want := range []string{
		"\nBenchmarkSpawn/scenario=tiny/path=forkexec-0\t4\t40000 ns/op\t1 allocs/op\n",
		"\nBenchmarkSpawn/scenario=userns/MB=8192/path=syscall-0\t4\t90000000 ns/op\t1 allocs/op\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
