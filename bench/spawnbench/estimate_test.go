// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"math"
	"math/rand"
	"strings"
	"testing"
)

// A machine that becomes three times slower for some rounds must not change
// the ratio.
func TestRatioOfRounds(t *testing.T) {
	of := roundsOf(200, 600, 210, 220, 600)
	to := roundsOf(100, 300, 100, 100, 300)
	got := ratioOfRounds(of, to)
	if math.Abs(got.value-2) > 1e-9 || got.low != 2 || got.high < 2.1 || got.high > 2.2 {
		t.Errorf("ratioOfRounds = %v, want 2 (2 to something in 2.1 to 2.2)", got)
	}
	if got := ratioOfRounds(of, nil); !math.IsNaN(got.value) {
		t.Errorf("ratio to nothing = %v, want NaN", got)
	}
	few := ratioOfRounds(of, roundsOf(0, 300))
	if few.value != 2 || !math.IsNaN(few.low) || !math.IsNaN(few.high) || few.told() || few.within(1) {
		t.Errorf("ratio with a zero round = %+v, want the other round's 2, of which nothing can be told", few)
	}
}

// The interval must hold the truth about as often as it says, and also where the rounds of
// a session have an error in common, which rounds one by one would hide.
func TestIntervalHoldsTheTruth(t *testing.T) {
	random := rand.New(rand.NewSource(7))
	for _, shared := range []float64{0, 0.05} {
		held, runs := 0, 200
		for range runs {
			var of, to []round
			for session := range 20 {
				bias := 1 + shared*random.NormFloat64()
				for range 5 {
					of = append(of, round{Cost: 100 * bias * (1 + 0.05*random.NormFloat64()), Session: session})
					to = append(to, round{Cost: 100, Session: session})
				}
			}
			if e := ratioOfRounds(of, to); e.low <= 1 && e.high >= 1 {
				held++
			}
		}
		if held < runs*85/100 || held == runs {
			t.Errorf("with a shared error of %v the interval holds the truth in %d of %d runs, want about 95 %%", shared, held, runs)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		e    estimate
		want string
	}{
		{estimate{0.83, 0.80, 0.86}, "17 % (14 to 20) less"},
		{estimate{0.97, 0.95, 1.01}, noDifference},
		{estimate{1.02, 1.00, 1.03}, noDifference},
		{estimate{1.24, 1.11, 1.34}, "24 % (11 to 34) more"},
		{estimate{0.994, 0.991, 0.998}, "0.6 % (0.2 to 0.9) less"},
		{estimate{2.5, 2.25, 3}, "2.50 times as much (2.25 to 3.00)"},
		{exactly(0.5), "too few rounds to tell"},
	} {
		if got := c.e.words(); got != c.want {
			t.Errorf("%v: %q, want %q", c.e, got, c.want)
		}
	}
	if got := (estimate{0.83, 0.80, 0.86}).phrase(false, "x"); got != "17 % less time than x" {
		t.Errorf("without its interval: %q", got)
	}
	if got := (estimate{12.34, 11, 13}).phrase(true, "x"); got != "12.3 times (11.0 to 13.0) the time of x" {
		t.Errorf("a large ratio: %q", got)
	}
}

// fake returns a record of one scenario with two points and three paths. At the second
// point the machine is twice as slow as at the first one.
func fake() *record {
	rec := &record{Machine: &machine{CPU: "<CPU> & co", Go: "go1.99", Kernel: "9.9", CPUs: 2}}
	add := func(scenario, axis, key string, point int, costs map[string]float64) {
		r := &result{Scenario: scenario, Title: "t", Axis: axis, Key: key, Point: point, Rounds: 10, Spawns: 4}
		for _, path := range []string{"exec", "osexec", "forkexec", "syscall", "floor"} {
			if costs[path] == 0 {
				continue
			}
			s := &series{Path: path, Title: path, Base: "syscall", Hist: new(histogram)}
			for range 8 {
				s.Hist.add(int64(costs[path]))
			}
			for i := range 10 { // half of them when the machine is three times slower
				cost := costs[path] * float64(1+i%2*2)
				s.Rounds = append(s.Rounds, round{cost, 4, 1 + i/5, map[string]float64{"allocs/op": 1, voluntary: 2, involuntary: 0.5}})
			}
			r.Series = append(r.Series, s)
		}
		r.Series = append(r.Series, &series{Path: "rust", Title: "rust", Missing: "rustc is not installed", Hist: new(histogram)})
		rec.Results = append(rec.Results, r)
	}
	add("tiny", "", "", 0, map[string]float64{"forkexec": 40e3, "syscall": 50e3, "floor": 40e3, "exec": 45e3, "osexec": 60e3})
	add("true", "", "", 0, map[string]float64{"forkexec": 700e3, "syscall": 707e3, "floor": 680e3, "exec": 710e3, "osexec": 710e3})
	add("userns", "MB touched", "MB", 0, map[string]float64{"forkexec": 60e3, "syscall": 90e3, "floor": 40e3})
	add("userns", "MB touched", "MB", 8192, map[string]float64{"forkexec": 150e3, "syscall": 90e6, "floor": 80e3})
	rec.Results = append(rec.Results, &result{Scenario: "git", Title: "git", Skipped: "git is not installed"})
	rec.conclude()
	return rec
}

// The answers say what can be told, and no more than somebody can keep in mind.
func TestAnswers(t *testing.T) {
	rec := fake()
	text := strings.Join(rec.Answers, "\n")
	for _, want := range []string{
		"Cmd.Run of go/exec takes 25 % (25 to 25) less time than os/exec's Cmd.Run for a program that exits at once; for `t` no difference can be told.",
		"With 8192 MB in use, a start by root in a new user namespace takes 1.25 times as long as with none; the standard library's takes 600 times as long",
		"This machine was noisy: the same loop in C took 40 µs to 120 µs",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "goes to sleep") {
		t.Error("switches are told though the machine was noisy")
	}
	for _, r := range rec.Results {
		for _, s := range r.Series {
			for i := range s.Rounds {
				s.Rounds[i].Cost = s.Rounds[0].Cost
			}
		}
	}
	if rec.conclude(); !strings.Contains(strings.Join(rec.Answers, "\n"), "goes to sleep 2.0 times with Cmd.Run of go/exec, 2.0 times with os/exec's and") {
		t.Errorf("a quiet machine: %q", rec.Answers)
	}
	if len(rec.Answers) > maxAnswers {
		t.Errorf("%d sentences, at most %d", len(rec.Answers), maxAnswers)
	}
	for _, r := range rec.Results {
		for _, s := range r.Series {
			s.Rounds = s.Rounds[:min(3, len(s.Rounds))]
		}
	}
	if rec.conclude(); len(rec.Answers) != 1 || !strings.Contains(rec.Answers[0], "too few rounds") {
		t.Errorf("three rounds have %q", rec.Answers)
	}
	rec.Machine.Implementation = "stdlib"
	if rec.conclude(); !strings.Contains(rec.Answers[0], "chance") {
		t.Errorf("the standard library under our name: %q", rec.Answers)
	}
	if got := answers(&record{Machine: &machine{}}); len(got) != 0 {
		t.Errorf("nothing measured: %q", got)
	}
}

// The machine is judged by what is the same in every run.
func TestMachineSentence(t *testing.T) {
	for _, c := range []struct {
		swing float64
		want  string
	}{{0.02, "was quiet"}, {0.2, "fairly quiet"}, {0.9, "was noisy"}} {
		rec := fake()
		for _, r := range rec.Results {
			if s := r.find(floorPath); s != nil {
				for i := range s.Rounds {
					s.Rounds[i].Cost = 100e3 * (1 + c.swing*float64(i)/9)
				}
			}
		}
		if got, quiet := machineSentence(rec); !strings.Contains(got, c.want) || quiet != (c.swing < 0.5) {
			t.Errorf("the floor swings by %v: %q (%v), want %q", c.swing, got, quiet, c.want)
		}
	}
}

func TestGrowth(t *testing.T) {
	if got := fake().growth("userns", "forkexec", 0, 8192).value; math.Abs(got-1.25) > 1e-9 {
		t.Errorf("growth = %v, want 1.25: the floor's own is not the path's", got)
	}
	if got := fake().growth("userns", "forkexec", 0, 1).value; !math.IsNaN(got) {
		t.Errorf("growth to a point that has not run = %v, want NaN", got)
	}
}

func TestGoals(t *testing.T) {
	got := make(map[string]string)
	for _, g := range fake().Goals {
		got[g.What] = g.cells()[2] + " " + g.cells()[3]
	}
	for what, want := range map[string]string{
		"tiny: ForkExec with cgo, times the floor":                 "1.00 (1.00–1.00) met",
		"tiny: ForkExec with cgo, times syscall.ForkExec":          "0.80 (0.80–0.80) met",
		"tiny: Cmd.Run with files, times the floor":                "1.12 (1.12–1.12) missed",
		"true: Cmd.Run, times os/exec":                             "1.00 (1.00–1.00) met",
		"tiny: ForkExec without cgo, times the floor":              " not measured",
		"allocations: ForkExec":                                    "1.00 met",
		"user namespace, root: 8 GB against 0":                     "1.25 (1.25–1.25) met",
		"user namespace, root, 8 GB: syscall.ForkExec, times ours": "600 (600–600) met",
		"tiny: Rust Command, times ForkExec":                       " not measured",
		"2,000 waited children: threads":                           " not measured",
		"tiny: switches of ForkExec, more than syscall.ForkExec":   "0.00 met",
	} {
		if got[what] != want {
			t.Errorf("%s: %q, want %q", what, got[what], want)
		}
	}
	if len(got) != len(goals) {
		t.Error("two goals have one name")
	}
}
