// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && amd64

package syscalls

import (
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const reading = "../../docs/reading-strace.md"

var update = flag.Bool("update", false, "write what strace shows into docs/reading-strace.md")

var (
	lineOfThread = regexp.MustCompile(`^(\d+) +(.*)$`)
	resumed      = regexp.MustCompile(`^<\.\.\. \w+ resumed>(.*)$`)
	address      = regexp.MustCompile(`0x[0-9a-f]{5,}`)
	limits       = regexp.MustCompile(`(rlim_(?:cur|max))=\d+(?:\*\d+)?`)
	result       = regexp.MustCompile(`\) +=`)
)

// startOf returns one start in the trace of strace -f: what the thread that starts says, and what
// its child does up to the execve. Calls of others in between are left out, and a call that they
// interrupt is put together, but for the clone: that the child runs inside of it is what it shows.
func startOf(trace string, n int) (lines []string) {
	all := strings.Split(trace, "\n")
	var begin int
	var parent, child string
	for i, line := range all {
		m := lineOfThread.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if strings.Contains(m[2], `"/mark-start"`) {
			begin, parent = i+1, m[1]
			n--
		}
		if c := childMark.FindStringSubmatch(m[2]); c != nil && n == 0 {
			child = c[1]
			all = all[begin:]
			break
		}
	}
	open := map[string]int{} // of a thread, where its call began
	sigactions, executes, ended := 0, false, false
	for _, line := range all {
		m := lineOfThread.FindStringSubmatch(line)
		if m == nil || m[1] != parent && m[1] != child {
			continue
		}
		if ended && strings.Contains(m[2], `"/mark-start"`) {
			break
		}
		who, what := map[string]string{parent: "parent", child: "child "}[m[1]], m[2]
		if strings.HasPrefix(what, "+++") || strings.HasPrefix(what, "---") {
			continue
		}
		if r := resumed.FindStringSubmatch(what); r != nil {
			at, ok := open[m[1]]
			switch {
			case !ok:
			case strings.Contains(lines[at], "clone"):
				lines = append(lines, who+" "+what)
			default:
				lines[at] += r[1]
			}
			delete(open, m[1])
			continue
		}
		if m[1] == child && executes {
			continue // the program
		}
		if childMark.MatchString(what) {
			ended = true
			continue
		}
		executes = executes || strings.HasPrefix(what, "execve(")
		if ended {
			continue // but for the end of the execve
		}
		if before, ok := strings.CutSuffix(what, "<unfinished ...>"); ok {
			open[m[1]] = len(lines)
			if !strings.Contains(what, "clone") {
				what = strings.TrimSuffix(before, " ")
			}
		}
		if strings.HasPrefix(what, "rt_sigaction") {
			if sigactions++; sigactions == 2 {
				lines = append(lines, who+" rt_sigaction, for each other signal with a handler")
			}
			if sigactions > 1 {
				open[m[1]] = len(lines) - 1
				if !strings.HasSuffix(m[2], "<unfinished ...>") {
					delete(open, m[1])
				}
				continue
			}
		}
		lines = append(lines, who+" "+what)
	}
	for i, line := range lines {
		line = strings.ReplaceAll(strings.ReplaceAll(line, child, "CHILD"), parent, "PARENT")
		line = limits.ReplaceAllString(address.ReplaceAllString(line, "ADDRESS"), "$1=N")
		if strings.Contains(line, "for each other signal") {
			line = "child  rt_sigaction, for each other signal with a handler"
		}
		lines[i] = result.ReplaceAllString(line, ") =")
	}
	return lines
}

// TestReadingStrace keeps docs/reading-strace.md to what strace shows.
func TestReadingStrace(t *testing.T) {
	exe := build(t, "1")
	if out, err := exec.Command(exe, "/bin/true").Output(); err != nil || strings.TrimSpace(string(out)) != "cgo" {
		t.Skipf("needs the C path by cgo, has %q (%v)", out, err)
	}
	doc, err := os.ReadFile(reading)
	if err != nil {
		t.Fatal(err)
	}
	text := string(doc)
	for _, c := range []struct{ name, words string }{{"ours", ""}, {"the standard library's", "stdlib"}} {
		t.Setenv("FORKEXEC", c.words)
		var seen [][]string
		out := stracedText(t, exe)
		if c.words == "" && !strings.Contains(out, "clone3(") {
			t.Skip("needs clone3 with all its flags")
		}
		for n := 2; n <= 20; n++ { // the first one finds out what the kernel can do
			seen = append(seen, startOf(out, n))
		}
		from := strings.Index(text, "<!-- "+c.name+" -->")
		if from < 0 {
			t.Fatalf("no block of %s in %s", c.name, reading)
		}
		from += strings.Index(text[from:], "```\n") + 4
		to := from + strings.Index(text[from:], "```\n")
		// The runtime may do something of its own in that thread: any of them will do.
		if *update {
			slices.SortFunc(seen, func(a, b []string) int { return len(a) - len(b) })
			text = text[:from] + strings.Join(seen[0], "\n") + "\n" + text[to:]
			continue
		}
		want := strings.Split(strings.TrimSuffix(text[from:to], "\n"), "\n")
		if !slices.ContainsFunc(seen, func(got []string) bool { return slices.Equal(got, want) }) {
			t.Errorf("%s has\n%s\nbut strace shows\n%s", reading, strings.Join(want, "\n"), strings.Join(seen[0], "\n"))
		}
	}
	if *update {
		if err := os.WriteFile(reading, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func stracedText(t *testing.T, exe string) string {
	t.Helper()
	if out, err := exec.Command("strace", "-o", "/dev/null", "/bin/true").CombinedOutput(); err != nil {
		t.Skipf("needs strace: %v %s", err, out)
	}
	// Under nohup(1), and in the background of a script, some are ignored, and stay so.
	handled := make(chan os.Signal, 1)
	signal.Notify(handled, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT)
	defer signal.Stop(handled)
	file := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command("sh", "-c", `ulimit -S -n 64; exec strace -f -o "$0" "$@"`, file, exe, "/bin/true")
	cmd.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1", "GOGC=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
