// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Package walkthrough does what the documents tell a newcomer to do, by the commands that stand
// there, in an empty home with a copy of this module in ~/forkexec and without a network.
package walkthrough

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const root = "../.."

// A block is one of shell commands, and what they print, if the document says so.
type block struct {
	commands, want string
	says           bool
}

var fenced = regexp.MustCompile("(?s)```sh\n(.*?)```\n(```text\n(.*?)```\n)?")

// blocks returns those of a document, from its heading on ("" for all of it) to the next one.
func blocks(t *testing.T, file, heading string) (list []block) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut("\n"+string(b), "\n"+heading)
	if heading != "" {
		text, _, _ = strings.Cut(text, "\n## ")
	}
	for _, m := range fenced.FindAllStringSubmatch(text, -1) {
		list = append(list, block{m[1], m[3], m[2] != ""})
	}
	if !found || len(list) == 0 {
		t.Fatalf("%s has no commands below %q", file, heading)
	}
	return list
}

// A home is an empty one, but for ~/forkexec.
type home struct{ dir string }

func newHome(t *testing.T) home {
	t.Helper()
	h := home{t.TempDir()}
	list := exec.Command("git", "ls-files", "-co", "--exclude-standard")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(string(out)) {
		from, to := filepath.Join(root, name), filepath.Join(h.dir, "forkexec", name)
		info, err := os.Stat(from)
		if os.IsNotExist(err) {
			continue // deleted, not committed
		}
		b, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o777)
		}
		if err == nil {
			err = os.WriteFile(to, b, info.Mode())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return h
}

const mark = "@@ end of block"

// run has one shell run the blocks, as somebody would who copies one after another, and
// compares what each prints. A block that does not say what it prints must succeed.
func (h home) run(t *testing.T, list []block) {
	t.Helper()
	var script strings.Builder
	for _, b := range list {
		fmt.Fprintf(&script, "%s\ns=$?; echo; echo '%s' $s\n", b.commands, mark)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script.String())
	cmd.Dir = h.dir
	// Without -trimpath all would be built anew, as the folder is another one each time.
	cmd.Env = append(os.Environ(), "HOME="+h.dir, "GOCACHE="+goEnv(t, "GOCACHE"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"),
		"GOFLAGS=-trimpath -buildvcs=false", "GOPROXY=off", "GOTOOLCHAIN=local", "GOWORK=off", "MAKEFLAGS=-j2", "LC_ALL=C.UTF-8")
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	parts := bytes.Split(out, []byte("\n"+mark+" "))
	if err != nil || len(parts) != len(list)+1 {
		t.Fatalf("%v, %d of %d blocks have ended\n%s", err, len(parts)-1, len(list), out)
	}
	for i, b := range list {
		status, _, _ := strings.Cut(string(parts[i+1]), "\n")
		got := string(parts[i])
		if i > 0 {
			_, got, _ = strings.Cut(got, "\n")
		}
		switch {
		case !b.says && status != "0":
			t.Errorf("status %s of\n%s\n%s", status, b.commands, got)
		case b.says && !pattern(b.want).MatchString(got):
			t.Errorf("%s\nprints\n%s\nthe document says\n%s", b.commands, got, b.want)
		}
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// pattern is an output as a document has it: white space may be folded another way, … is
// anything, and the reader's user ID is 1000.
func pattern(want string) *regexp.Regexp {
	want = strings.ReplaceAll(want, `"0 1000 1"`, `"0 `+strconv.Itoa(os.Getuid())+` 1"`)
	var words []string
	for _, w := range strings.Fields(want) {
		words = append(words, strings.ReplaceAll(regexp.QuoteMeta(w), "…", "(?s:.*)"))
	}
	return regexp.MustCompile(`^\s*` + strings.Join(words, `\s*`) + `\s*$`)
}

func needUserNamespaces(t *testing.T) {
	t.Helper()
	cmd := exec.Command("/usr/bin/id", "-u")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}}
	if err := cmd.Run(); err != nil {
		t.Skip("no user namespaces here: ", err)
	}
}

// TestTutorial is docs/tutorial.md, and then what README.md says of installing and of C.
func TestTutorial(t *testing.T) {
	t.Parallel()
	needUserNamespaces(t)
	h := newHome(t)
	h.run(t, blocks(t, "docs/tutorial.md", ""))
	for _, name := range []string{"report.html", "report.csv"} {
		if info, err := os.Stat(filepath.Join(h.dir, "try", name)); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}

	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	c := regexp.MustCompile("(?s)```c\n(.*?)```").FindSubmatch(readme)
	if err := os.WriteFile(filepath.Join(h.dir, "example.c"), c[1], 0o666); err != nil {
		t.Fatal(err)
	}
	list := append([]block{{commands: "go mod init readme.example/readme; export PKG_CONFIG_PATH=$HOME/.local/lib/pkgconfig"}},
		blocks(t, "README.md", "## Install")...)
	h.run(t, append(list, blocks(t, "README.md", "## C\n")...))
}

// What README.md shows is what the tutorial has shown, and TestTutorial has run that.
func TestReadmeShowsTheTutorial(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, m := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllSubmatch(readme, -1) {
		shown = append(shown, strings.Split("\n"+string(m[1]), "\n$ ")[1:]...)
	}
	if len(shown) < 4 {
		t.Errorf("README.md shows only %d commands", len(shown))
	}
	for _, s := range shown {
		command, output, _ := strings.Cut(s, "\n")
		output = strings.Join(strings.Fields(output), " ")
		found := output == "" // an example of options
		for _, b := range blocks(t, "docs/tutorial.md", "") {
			commands := strings.TrimSpace(b.commands)
			found = found || strings.HasSuffix(commands, command) &&
				strings.HasSuffix(strings.Join(strings.Fields(b.want), " "), output)
		}
		if !found {
			t.Errorf("README.md shows %q with the output %q, and the tutorial does not", command, output)
		}
	}
}
