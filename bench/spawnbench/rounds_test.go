// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"strings"
	"testing"
	"time"
)

func TestOrderIsFair(t *testing.T) {
	const n = 5
	var place [n][n]int // path, place
	for round := range 2 * n {
		list := order(round, n)
		if len(list) != n {
			t.Fatalf("round %d: %d paths, want %d", round, len(list), n)
		}
		for i, p := range list {
			place[p][i]++
		}
	}
	for p := range n {
		for i := range n {
			if place[p][i] != 2 {
				t.Errorf("path %d was %d times at place %d, want 2", p, place[p][i], i)
			}
		}
	}
	if len(order(3, 0)) != 0 {
		t.Error("order of no paths is not empty")
	}
}

func TestAffordable(t *testing.T) {
	took := map[*path]time.Duration{{}: time.Millisecond, {}: 3 * time.Millisecond}
	cfg := &config{rounds: 10, spawns: 100}
	for _, c := range []struct {
		share time.Duration
		want  int
	}{
		{0, 100},
		{time.Hour, 100},
		{time.Second, 20}, // 25 a round, 5 of which are not counted
		{time.Millisecond, 5},
	} {
		if got := affordable(cfg, took, c.share); got != c.want {
			t.Errorf("share %v: %d spawns, want %d", c.share, got, c.want)
		}
	}
	cfg.rounds = 0
	if got := affordable(cfg, took, time.Second); got != 5 { // 8 a round of 30
		t.Errorf("without a number of rounds: %d spawns, want 5", got)
	}
	cfg.rounds, cfg.spawns = 10, 3
	if got := affordable(cfg, took, time.Millisecond); got != 3 {
		t.Errorf("-n 3: %d spawns", got)
	}
}

func TestChoose(t *testing.T) {
	got, err := choose(allPaths, "floor, forkexec")
	if err != nil || len(got) != 2 || got[0].name != "forkexec" || got[1].name != "floor" {
		t.Errorf("choose = %v, %v", got, err)
	}
	if _, err := choose(allPaths, "floor,nonsense"); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("unknown name: %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("PATH", "/somewhere")
	for _, n := range []int{1, 3, 1000} {
		env := environment(n)
		if len(env) != n || env[0] != "PATH=/somewhere" {
			t.Errorf("environment(%d) has %d variables and starts with %q", n, len(env), env[0])
		}
	}
}

// The names become parts of benchmark names, where these characters separate.
func TestNames(t *testing.T) {
	for _, name := range []string{listPaths(), listScenarios()} {
		for _, line := range strings.Split(strings.TrimSpace(name), "\n") {
			if id := strings.Fields(line)[0]; strings.ContainsAny(id, "/=-,") {
				t.Errorf("name %q", id)
			}
		}
	}
}

// A run ends when enough is known, or when its time is up, and not before it can say
// anything.
func TestEnough(t *testing.T) {
	plain := &session{sc: &scenario{}}
	known, unsure := new(result), new(result)
	for i := range 100 {
		known.Rounds++
		swing := 1 + 0.5*float64(i%7)
		for r, costs := range map[*result][2]float64{known: {80, 100}, unsure: {80 * swing, 100}} {
			for len(r.Series) < 2 {
				r.Series = append(r.Series, &series{Path: []string{"exec", "osexec"}[len(r.Series)]})
			}
			for k, s := range r.Series {
				s.Rounds = append(s.Rounds, round{Cost: costs[k], Session: i / restartEvery})
			}
		}
	}
	past, future := time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	for _, c := range []struct {
		name     string
		s        *session
		cfg      config
		r        *result
		n        int
		deadline time.Time
		want     bool
	}{
		{"known", plain, config{}, known, 30, future, true},
		{"known, without limit", plain, config{}, known, 30, time.Time{}, true},
		{"known, but few", plain, config{}, known, 25, future, false},
		{"not known", plain, config{}, unsure, 30, future, false},
		{"not known, late", plain, config{}, unsure, 30, past, true},
		{"hardly begun, late", plain, config{}, unsure, 5, past, false},
		{"not known, very many", plain, config{}, unsure, mostRounds, time.Time{}, true},
		{"asked for", plain, config{rounds: 3}, unsure, 3, future, true},
		{"asked for more", plain, config{rounds: 50}, known, 49, past, false},
		{"an axis", &session{sc: &scenario{axis: memory}}, config{}, unsure, 30, future, true},
		{"waiters", &session{sc: &scenario{load: waiters}}, config{}, unsure, 5, future, true},
		{"fewer waiters", &session{sc: &scenario{load: waiters}}, config{rounds: 3}, unsure, 3, future, true},
	} {
		c.r.Rounds = c.n
		if got := c.s.enough(&c.cfg, c.r, c.deadline); got != c.want {
			t.Errorf("%s, after %d rounds: %v, want %v", c.name, c.n, got, c.want)
		}
	}
}
