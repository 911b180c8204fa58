// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package readme

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)\s]*))?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notSlug = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// TestLinks: files and headings that the documents link to are there.
func TestLinks(t *testing.T) {
	list := exec.Command("git", "ls-files", "-co", "--exclude-standard", "*.md")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, name := range strings.Fields(string(out)) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			links++
			to := filepath.Join(root, filepath.Dir(name), m[1])
			if m[1] == "" {
				to = filepath.Join(root, name)
			}
			if !linked(to, m[2]) {
				t.Errorf("%s links to %s, which is not there", name, m[0][1:])
			}
		}
	}
	if links < 30 {
		t.Errorf("only %d links found", links)
	}
}

func linked(file, anchor string) bool {
	text, err := os.ReadFile(file)
	if anchor == "" {
		_, err = os.Stat(file)
		return err == nil
	}
	for _, m := range heading.FindAllSubmatch(text, -1) {
		slug := notSlug.ReplaceAllString(strings.ToLower(string(m[1])), "")
		if strings.ReplaceAll(slug, " ", "-") == anchor {
			return true
		}
	}
	return false
}

// TestPackages: what others can import is what CONTRIBUTING.md says.
func TestPackages(t *testing.T) {
	out := run(t, "go", "list", "-f", `{{if and .GoFiles (ne .Name "main")}}{{.ImportPath}}{{end}}`, "./...")
	var got []string
	for _, path := range strings.Fields(out) {
		if path = strings.TrimPrefix(path, "forkexec.example/forkexec/"); !strings.Contains("/"+path+"/", "/internal/") {
			got = append(got, path)
		}
	}
	// The last one is empty: it holds tests only.
	if want := "c c/nocgo go go/exec include tests/differential"; strings.Join(got, " ") != want {
		t.Errorf("packages for import: %s, want %s", strings.Join(got, " "), want)
	}
}
