// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// maxAnswers: nobody remembers more sentences than that.
const maxAnswers = 6

// answers says in a few sentences what a run has found, the most important first.
func answers(rec *record) []string {
	list := []string{}
	add := func(sentence string) {
		if sentence != "" && len(list) < maxAnswers-1 { // the last one is for the machine
			list = append(list, sentence)
		}
	}
	if rec.Machine.Implementation == "stdlib" {
		add("Package forkexec is the standard library in this build: any difference between the two is chance.")
	}
	if len(rec.Ratios) > 0 && !slices.ContainsFunc(rec.Ratios, func(r pairResult) bool { return r.Low != nil }) {
		return append(list, "This run has too few rounds for an answer: it shows that everything works, and no more.")
	}
	programs := rec.programs()
	add(pairSentence(rec, programs, "exec", "osexec"))
	add(pairSentence(rec, programs, "forkexec", stdlibPath))
	if len(programs) > 0 {
		add(othersSentence(rec, programs[0]))
	}
	add(memorySentence(rec))
	add(slowSentence(rec))
	noise, quiet := machineSentence(rec)
	if len(programs) > 0 && quiet {
		add(switchesSentence(programs[0]))
	}
	if noise != "" {
		list = append(list, noise)
	}
	return list
}

// pairSentence says of one pair what became of it with each program.
func pairSentence(rec *record, programs []*result, of, to string) string {
	var p *pair
	var clauses, equal []string
	for _, r := range programs {
		one := rec.compared(r, of, to)
		if one == nil {
			continue
		}
		p = one.pair
		if e := one.estimate; e.told() && len(clauses) == 0 {
			clauses = append(clauses, e.phrase(true, p.theirs)+" for "+r.program())
		} else if e.told() {
			clauses = append(clauses, e.words()+" for "+r.program())
		} else {
			equal = append(equal, r.program())
		}
	}
	switch {
	case p == nil:
		return ""
	case len(clauses) == 0:
		return fmt.Sprintf("Between %s and %s no difference can be told, for %s.", p.ours, p.theirs, enumerate(equal))
	}
	s := p.ours + " takes " + enumerate(clauses)
	if len(equal) > 0 {
		s += "; for " + enumerate(equal) + " no difference can be told"
	}
	return s + "."
}

// phrase goes on after "takes": "17 % (14 to 20) less time than …". Without the interval
// it can be said aloud beside others.
func (e estimate) phrase(withInterval bool, other string) string {
	if !withInterval {
		e.low, e.high = e.value, e.value
	}
	words := e.words()
	if e.value >= 2 {
		words = figure(e.value) + " times"
		if withInterval {
			words += fmt.Sprintf(" (%s to %s)", figure(e.low), figure(e.high))
		}
		return words + " the time of " + other
	}
	if before, after, ok := strings.Cut(words, " ("); ok && !withInterval {
		_, after, _ = strings.Cut(after, ") ")
		words = before + " " + after
	}
	return words + " time than " + other
}

// enumerate joins with commas and, before the last one, "and".
func enumerate(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// othersSentence compares with the usual ways of other languages.
func othersSentence(rec *record, r *result) string {
	var parts []string
	for _, ours := range []string{"exec", "c_spawn"} {
		var told, equal []string
		name := ""
		for _, one := range rec.Ratios {
			if one.result != r || one.Of != ours || one.To == "osexec" {
				continue
			}
			name = one.pair.ours
			if one.estimate.told() {
				phrase := one.estimate.phrase(false, one.pair.theirs)
				if len(told) > 0 {
					phrase = strings.Replace(phrase, " time than", " than", 1)
				}
				told = append(told, phrase)
			} else {
				equal = append(equal, one.pair.theirs)
			}
		}
		if len(told) > 0 {
			parts = append(parts, name+" takes "+enumerate(told))
		}
		if len(equal) > 0 {
			parts = append(parts, "between "+name+" and "+enumerate(equal)+" no difference can be told")
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("For %s, %s.", r.program(), strings.Join(parts, "; "))
}

// memorySentence tells what the parent's memory does to starts in new user namespaces.
func memorySentence(rec *record) string {
	most := func(scenario string) int {
		point := 0
		for _, r := range rec.Results {
			if r.Scenario == scenario && r.Skipped == "" {
				point = max(point, r.Point)
			}
		}
		return point
	}
	for _, scenario := range []string{"userns_user", "userns"} {
		mb := most(scenario)
		e, times := rec.growth(scenario, "forkexec", 0, mb), rec.at(scenario, mb).relative(stdlibPath, "forkexec")
		if mb == 0 || math.IsNaN(e.value) || math.IsNaN(times.value) {
			continue
		}
		who := map[string]string{"userns": "root", "userns_user": "an ordinary user"}[scenario]
		other := "between it and the standard library's no difference can be told"
		if times.told() {
			other = fmt.Sprintf("the standard library's takes %s times as long as that", figure(times.value))
		}
		return fmt.Sprintf("With %d MB in use, a start by %s in a new user namespace takes %s times as long as with none; %s.",
			mb, who, figure(e.value), other)
	}
	return ""
}

func slowSentence(rec *record) string {
	late := func(path string) float64 { return inUnit("slow", 0, path, "stall-ms")(rec).value }
	ours, theirs := late("forkexec"), late(stdlibPath)
	if math.IsNaN(ours) || math.IsNaN(theirs) {
		return ""
	}
	return fmt.Sprintf("While one exec takes 200 ms, the rest of the program stands still for %s ms at most, with the standard library for %s ms.",
		short(ours), short(theirs))
}

// switchesSentence says how often a process sleeps for each start: the count does not
// swing with the machine's speed. It does where others keep the CPUs busy: a child then
// often ends before its parent comes to sleep.
func switchesSentence(r *result) string {
	var parts []string
	for _, p := range []struct{ path, name string }{
		{"exec", "Cmd.Run of go/exec"}, {"osexec", "os/exec's"}, {floorPath, "a bare vfork loop in C"},
	} {
		if s := r.find(p.path); s != nil {
			if v, ok := s.value(voluntary); ok {
				parts = append(parts, fmt.Sprintf("%.1f times with %s", v, p.name))
			}
		}
	}
	if len(parts) < 2 {
		return ""
	}
	return "For each start of " + r.program() + " the process goes to sleep " + enumerate(parts) + "."
}

// How much the same C loop may swing from round to round on a machine that is called
// quiet, and on one that is called fairly quiet.
const (
	quietSpread  = 0.10
	fairlySpread = 0.30
)

// ruler is the path by which the machine is judged: the floor, or what else is the same
// in every run.
func (r *result) ruler() (s *series, name string) {
	if s := r.find(floorPath); s != nil {
		return s, "the same loop in C"
	}
	return r.find(stdlibPath), "the same start"
}

// machineSentence says whether the machine was quiet enough to believe small differences.
func machineSentence(rec *record) (sentence string, quiet bool) {
	worst := -1.0
	for _, r := range rec.Results {
		s, name := r.ruler()
		if r.Skipped != "" || s == nil || !r.timed() || len(s.Rounds) < leastRounds {
			continue
		}
		spread, low, high := s.spread()
		if spread <= worst {
			continue
		}
		worst = spread
		took := fmt.Sprintf("%s took %s to %s in eight rounds of ten (%s)", name, duration(low), duration(high), r.name())
		switch {
		case spread <= quietSpread:
			sentence = "This machine was quiet: even where it swung most, " + took + "."
		case spread <= fairlySpread:
			sentence = "This machine was fairly quiet: where it swung most, " + took + "."
		default:
			sentence = "This machine was noisy: " + took + "; repeat the run on a quiet one before you trust a small difference."
		}
	}
	return sentence, worst <= fairlySpread
}

// spread is how far the rounds' costs lie apart, eight of ten, in terms of their middle.
func (s *series) spread() (part, low, high float64) {
	var all []float64
	for _, r := range s.Rounds {
		all = append(all, r.Cost)
	}
	slices.Sort(all)
	low, high = percentile(all, 10), percentile(all, 90)
	return (high - low) / percentile(all, 50), low, high
}
