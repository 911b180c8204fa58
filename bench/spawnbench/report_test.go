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

// The report must be whole in itself and well formed, with the answer first and the
// goals last; what it looks like, a browser shows.
func TestReport(t *testing.T) {
	page, err := reportHTML(fake())
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, want := range []string{"&lt;CPU&gt; &amp; co", "rust: not run: rustc is not installed",
		"git (git): not run: git is not installed", `<td class="met">met</td>`, "<code>forkexec</code> forkexec", "for <code>t</code> no difference"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not contain %q", want)
		}
	}
	last := 0
	for _, part := range []string{`class="answers"`, "25\u00a0% (25 to 25) less", `id="axes"`, `id="spread"`, `id="details"`, `id="setting"`, `id="goals"`} {
		at := strings.Index(text, part)
		if at < last {
			t.Errorf("%q stands at %d, what should come before it at %d", part, at, last)
		}
		last = at
	}
	if got := regexp.MustCompile(`(?i)(src|href)="[^#]|url\(|NaN|Inf\b|%!|ZgotmplZ`).FindAllString(text, -1); got != nil {
		t.Errorf("the report contains %q", got)
	}
	for _, ref := range regexp.MustCompile(`(?:href="#|labelledby=")([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(text, `id="`+ref[1]+`"`) {
			t.Errorf("nothing has the id %q", ref[1])
		}
	}
	images := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(text, -1)
	if len(images) < 20 {
		t.Errorf("%d plots, want 20 at least", len(images))
	}
	body := text[strings.Index(text, "<body>"):strings.Index(text, "</html>")]
	for _, c := range [][2]string{{"<br>", "<br/>"}, {"&nbsp;", " "}, {`<details open>`, `<details open="">`}} {
		body = strings.ReplaceAll(body, c[0], c[1])
	}
	d := xml.NewDecoder(strings.NewReader(body))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, body)
		}
	}
}

// The goals are of the project's own scenarios: a run of none of them has no such table.
func TestReportWithoutGoals(t *testing.T) {
	rec := fake()
	for i := range rec.Goals {
		rec.Goals[i].Measured = nil
	}
	page, err := reportHTML(rec)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(page), "Goals of the project") || strings.Contains(string(page), "#goals") {
		t.Error("goals of which none was measured are in the report")
	}
}

// Who cannot see a plot must find in text what it shows, and who has no mouse must reach
// what scrolls.
func TestReportForEverybody(t *testing.T) {
	page, err := reportHTML(fake())
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range regexp.MustCompile(`<svg width[^>]*>|<svg width="[^%][^>]*>|<div class="scroll"[^>]*>`).FindAllString(string(page), -1) {
		hidden := strings.Contains(tag, "aria-hidden") || strings.Contains(tag, "viewBox") // inside of another
		named := strings.Contains(tag, `role="img" aria-label="`) || strings.Contains(tag, `tabindex="0" role="region" aria-label="`)
		if !hidden && !named {
			t.Errorf("%s is nothing to a screen reader", tag)
		}
	}
	if !strings.Contains(string(page), "0.75 (0.75–0.75)") || !strings.Contains(string(page), "At 0: 120\u00a0µs, at 8192: 300\u00a0µs") {
		t.Error("what the plots show does not stand in text beside them")
	}
}

// A program's name may hold anything.
func TestWithCode(t *testing.T) {
	for text, want := range map[string]string{
		"no code": "no code", "for `a <b>`, 5 µs": "for <code>a &lt;b&gt;</code>, 5\u00a0µs", "`": "", "`a` and `b": "<code>a</code> and b",
	} {
		if got := string(withCode(text)); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
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

func TestReadmeTable(t *testing.T) {
	text := string(readmeTable(fake()))
	for _, want := range []string{
		"| `Cmd.Run`, to os/exec | 0.75 (0.75–0.75) | no difference (1.00–1.00) | – | – |",
		"| `forkexec_spawn` in C, to glibc's `posix_spawn` | – |", "Go 1.99", "This machine was noisy",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestBenchLines(t *testing.T) {
	text := string(benchLines(fake()))
	for _, want := range []string{
		"\nBenchmarkSpawn/scenario=tiny/path=forkexec-0\t4\t40000 ns/op\t2 vol-switches/op\t0.5 invol-switches/op\t1 allocs/op\n",
		"\nBenchmarkSpawn/scenario=userns/MB=8192/path=syscall-0\t4\t90000000 ns/op\t2 vol-switches/op\t0.5 invol-switches/op\t1 allocs/op\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
