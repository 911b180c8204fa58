// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	forkexec "forkexec.example/forkexec/go"
)

// startSome is what a program with FORKEXEC=trace=FILE does.
func startSome() {
	for _, attr := range []*os.ProcAttr{{}, {Dir: "/missing", Sys: &syscall.SysProcAttr{}}, {}} {
		if p, err := forkexec.StartProcess("/bin/true", []string{"true"}, attr); err == nil {
			_, _ = p.Wait()
		}
	}
	_, _ = forkexec.StartProcess("/<b>&\"x", []string{"x\x01\xff<script>"}, &os.ProcAttr{})
}

// page checks that every tag is closed, and nothing is loaded.
func page(t *testing.T, html string) {
	t.Helper()
	var open []string
	for _, m := range regexp.MustCompile(`<(/?)([a-z0-9!]+)([^<>]*)>`).FindAllStringSubmatch(html, -1) {
		switch tag := strings.ToLower(m[2]); {
		case tag == "!doctype" || tag == "meta" || tag == "br" || tag == "!":
		case m[1] == "":
			open = append(open, tag)
		case len(open) == 0 || open[len(open)-1] != tag:
			t.Fatalf("</%s> in %v", tag, open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 || strings.ContainsAny(html, "\x00\x01") || regexp.MustCompile(`(?i)<script|https?:|src=|href=|url\(`).MatchString(html) {
		t.Errorf("open %v, or something is loaded:\n%s", open, html)
	}
	if strings.Count(html, "<") != strings.Count(html, ">") {
		t.Error("a < or > is neither text nor a tag's")
	}
}

func TestReportHelp(t *testing.T) {
	for _, arg := range []string{"--help", "-h"} {
		if out, said, status := run(t, "report", arg); status != 0 || said != "" || !strings.HasPrefix(out, "Usage: forkexec report FILE") {
			t.Errorf("%s: status %d, %q, %q", arg, status, out, said)
		}
	}
}

func TestReport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CLI_STARTS=1", "FORKEXEC=trace="+file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	html, said, status := run(t, "report", file)
	page(t, html)
	if status != 0 || said != "" {
		t.Error(status, said)
	}
	for _, want := range []string{"<b>4</b> starts of 2 programs, <b class=\"bad\">2</b> failed", "Starts over time", "Slowest starts",
		"<code>/bin/true</code>", "/&lt;b&gt;&amp;&quot;x", "x\uFFFD\uFFFD&lt;script&gt;", "Time until the program runs", "shared the parent&#39;s memory"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in\n%s", want, html)
		}
	}
	for _, want := range []string{"chdir ENOENT", "execve ENOENT", ">1 time</span>", "Dir"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in\n%s", want, html)
		}
	}
}

// TestReportOfAnything: lines that are none are counted and told, and take nothing else along.
func TestReportOfAnything(t *testing.T) {
	const good = `{"time":"2026-11-21T17:25:56.377282243Z","program":"/bin/true","exec_ns":341969}`
	bad := []string{"{", "}", "null", `"x"`, "[" + good + "]", good + good, strings.Replace(good, "2026-11", "2026-13", 1),
		strings.Replace(good, "341969", "-1", 1), strings.Replace(good, "341969", "99999999999999999999", 1),
		strings.Replace(good, "program", "x", 1), strings.Replace(good, `"/bin/true"`, `7`, 1), good[:len(good)-1],
		strings.Replace(good, "true", "\\ud8zz", 1), strings.Replace(good, "true", "\x00", 1), `{"a":` + strings.Repeat("[", 100),
		`{"x":"` + strings.Repeat("x", 100000) + `",` + good[1:]}
	file := filepath.Join(t.TempDir(), "trace")
	for _, c := range []struct {
		text                string
		starts, bad, atLine int
	}{
		{"", 0, 0, 0},
		{strings.Join(bad, "\n"), 0, len(bad), 1},
		{good + "\n\n" + strings.Join(bad, "\n") + "\n" + good, 2, len(bad), 3},
		{strings.Replace(good, `"exec_ns"`, `"x":{"y":[1.5e3,null,{"z":[]}]}, "exec_ns" `, 1) + "\n", 1, 0, 0},
		{strings.Replace(good, "true", `\u00e9\ud83d\ude00\ud800\u0000`, 1) + "\r\n", 1, 0, 0},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		html, said, status := run(t, "report", file)
		want, wantStatus, inPage := "", 0, fmt.Sprintf("<b>%d</b> start", c.starts)
		if c.bad > 0 {
			want = fmt.Sprintf("forkexec: report: %s: could not be read: %d line%s, the first is line %d\n", file, c.bad, map[bool]string{false: "s"}[c.bad == 1], c.atLine)
		}
		if c.bad > 0 && c.starts == 0 { // no trace at all
			want += fmt.Sprintf("forkexec: report: %s: none of its lines is one of FORKEXEC=trace=FILE\n", file)
			wantStatus, inPage = 1, ""
		}
		page(t, html)
		if status != wantStatus || said != want || !strings.Contains(html, inPage) || (html == "") != (inPage == "") {
			t.Errorf("%.200q: %d, %q, want %q, %d starts\n%.1500s", c.text, status, said, want, c.starts, html)
		}
		out, _, status := shell(t, `"$1" report - <"$2"`, file)
		if status != wantStatus || !strings.Contains(out, inPage) {
			t.Errorf("standard input: %d, %.1500s", status, out)
		}
	}
	for _, args := range [][]string{{"report"}, {"report", "/missing"}, {"report", "/"}, {"report", "a", "b"}} {
		if html, said, status := run(t, args...); status != 125 || html != "" || !strings.HasPrefix(said, "forkexec: report: ") {
			t.Error(args, status, said, html)
		}
	}
	if out, _, status := run(t, "--", "report"); status != 127 || out != "" { // a program of that name
		t.Error(status, out)
	}
}
