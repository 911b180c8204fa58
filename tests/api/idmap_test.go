// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// helpers makes newuidmap and newgidmap of these shell commands, and has PATH name them first.
func helpers(t *testing.T, uid, gid string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{"newuidmap": uid, "newgidmap": gid} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return dir
}

// mapped asks for a new user namespace with these maps, of container ID, host ID and size; nil is none.
func mapped(uids, gids []int) *syscall.ProcAttr {
	list := func(n []int) (maps []syscall.SysProcIDMap) {
		if n != nil {
			maps = []syscall.SysProcIDMap{}
		}
		for ; len(n) > 0; n = n[3:] {
			maps = append(maps, syscall.SysProcIDMap{ContainerID: n[0], HostID: n[1], Size: n[2]})
		}
		return maps
	}
	return &syscall.ProcAttr{Sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: list(uids), GidMappings: list(gids)}}
}

func own() (uids, gids []int) {
	return []int{0, os.Getuid(), 1}, []int{0, os.Getgid(), 1}
}

// needUserNamespace skips where a child gets none.
func needUserNamespace(t *testing.T) {
	t.Helper()
	p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, mapped(nil, nil), nil)
	if err != nil {
		t.Skip("needs user namespaces: ", err)
	}
	_, _ = p.Wait()
}

// TestIDMapHelperHangs: the end of the context ends the helper, also one whose own child holds
// its output, and nothing of it is left.
func TestIDMapHelperHangs(t *testing.T) {
	needC(t)
	needUserNamespace(t)
	clean(t)
	dir := helpers(t, "echo $$ >$0.pid; sleep 3; : >$0.done", "echo $$ >$0.pid; sleep 3; : >$0.done")
	uids, gids := own()
	for name, maps := range map[string]*syscall.ProcAttr{"newuidmap": mapped(uids, nil), "newgidmap": mapped(nil, gids)} {
		before := runtime.NumGoroutine()
		ctx, cancel := context.WithCancel(context.Background())
		file := filepath.Join(dir, name+".pid")
		go func() {
			defer cancel()
			for range 5000 {
				if b, _ := os.ReadFile(file); len(b) > 0 {
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
		_, err := forkexec.Start(ctx, "/bin/true", []string{"true"}, maps, &forkexec.Options{IDMapHelpers: true})
		if err != context.Canceled {
			t.Errorf("%s: %v, want %v", name, err, context.Canceled)
		}
		if _, err := os.Stat(filepath.Join(dir, name+".done")); err == nil {
			t.Errorf("%s: Start has waited for its end", name)
		}
		for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		if n := runtime.NumGoroutine(); n > before {
			t.Errorf("%s: %d goroutines, before %d", name, n, before)
		}
	}
}

func init() { programs["idMapIgnored"] = idMapIgnored }

// idMapIgnored has maps written in a process that ignores SIGCHLD, and prints the child's.
func idMapIgnored() int {
	signal.Ignore(syscall.SIGCHLD)
	uids, gids := own()
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	a := mapped(uids, gids)
	a.Files = []uintptr{0, w.Fd(), 2}
	_, err = forkexec.Start(context.Background(), "/bin/cat", []string{"cat", "/proc/self/uid_map", "/proc/self/gid_map"}, a,
		&forkexec.Options{IDMapHelpers: true})
	w.Close()
	b, _ := io.ReadAll(r)
	fmt.Println(strings.Fields(string(b)), err)
	return 0
}

// TestIDMapHelperIgnoredSIGCHLD: the kernel then drops the helper's status, but not what it wrote.
func TestIDMapHelperIgnoredSIGCHLD(t *testing.T) {
	needC(t)
	needUserNamespace(t)
	write := "echo $2 $3 $4 >/proc/$1/"
	maps := fmt.Sprintf("[0 %d 1 0 %d 1]", os.Getuid(), os.Getgid())
	for _, c := range []struct{ uid, gid, want string }{
		{write + "uid_map; exit 1", write + "gid_map", maps + " <nil>"},
		{"echo no such range; exit 1", write + "gid_map", "newuidmap: it has not written uid_map, and its status is unknown (no child processes): no such range"},
		{write + "uid_map", "exit 0", "newgidmap: it has not written gid_map, and its status is unknown (no child processes)"},
		{"echo 7 $3 $4 >/proc/$1/uid_map", write + "gid_map", "newuidmap: it has not written uid_map, and its status is unknown (no child processes)"},
	} {
		// The shell writes the maps itself. An ordinary user's may do so from the namespace's parent.
		helpers(t, c.uid, "echo deny >/proc/$1/setgroups 2>/dev/null;"+c.gid)
		if got := runProgram(t, "idMapIgnored"); !strings.Contains(got, c.want) {
			t.Errorf("%s; %s: %s, want %s", c.uid, c.gid, got, c.want)
		}
	}
}

// TestIDMapHelperErrors: an error names the map, or the helpers, and its hint the line and the rule.
func TestIDMapHelperErrors(t *testing.T) {
	needC(t)
	needUserNamespace(t)
	clean(t)
	u, g := os.Getuid(), os.Getgid()
	uids, gids := own()
	many := make([]int, 3*341)
	for i := 0; i < len(many); i += 3 {
		many[i], many[i+1], many[i+2] = i, u, 1
	}
	refuse, nothing := "echo I will not; exit 1", "exit 0"
	setgroups := mapped(nil, gids)
	setgroups.Sys.GidMappingsEnableSetgroups = true
	for _, c := range []struct {
		uid, gid string
		attr     *syscall.ProcAttr
		field    string
		says     []string
	}{
		{refuse, nothing, mapped([]int{0, u, 0}, nil), "UidMappings", []string{"Line 1 of UidMappings", "size"}},
		{nothing, refuse, mapped(nil, []int{0, g, 1, 0, g, 1}), "GidMappings", []string{"Line 2 of GidMappings", "overlaps line 1"}},
		{refuse, nothing, mapped(many, nil), "UidMappings", []string{"UidMappings has 341 lines", "340"}},
		{refuse, nothing, mapped([]int{}, nil), "UidMappings", []string{"UidMappings is empty"}},
		{refuse, nothing, mapped([]int{0, u, 1, 1, 2147000000, 9}, nil), "UidMappings", []string{"Line 2 of UidMappings, \"1 2147000000 9\"", "/etc/subuid does not grant", ":2147000000:9"}},
		{nothing, refuse, mapped(nil, []int{0, g, 1, 1, 2147000000, 9}), "GidMappings", []string{"Line 2 of GidMappings", "/etc/subgid does not grant"}},
		{refuse, nothing, mapped(uids, nil), "UidMappings", []string{"newuidmap has refused", "set-user-ID"}},
		{nothing, "echo deny >/proc/$1/setgroups; echo $2 $3 $4 >/proc/$1/gid_map", setgroups, "GidMappingsEnableSetgroups", []string{"newgidmap allows setgroups(2) only"}},
		{"#", "#", mapped(nil, nil), "IDMapHelpers", []string{"neither is set"}},
	} {
		if _, err := user.LookupId(fmt.Sprint(u)); err != nil && strings.Contains(fmt.Sprint(c.says), "/etc/sub") {
			t.Log("not tried, this user has no name: ", c.says)
			continue
		}
		helpers(t, c.uid, c.gid)
		_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, c.attr, &forkexec.Options{IDMapHelpers: true})
		blames(t, err, c.field, c.says...)
	}
	dir := helpers(t, nothing, nothing)
	for _, text := range []string{"#!/missing/interpreter", ""} {
		file := filepath.Join(dir, "newuidmap")
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, mapped(uids, nil), &forkexec.Options{IDMapHelpers: true})
		blames(t, err, "IDMapHelpers")
	}
}

// blames checks an error's field, and that its hint says all of that.
func blames(t *testing.T, err error, field string, says ...string) {
	t.Helper()
	var e *forkexec.Error
	if !errors.As(err, &e) {
		t.Errorf("no *Error: %v", err)
		return
	}
	hint := e.Hint()
	if e.Field() != field || hint == "" || strings.Contains(hint, "OnClone") || hint != e.Hint() {
		t.Errorf("%v: field %q, want %q; hint %q", err, e.Field(), field, hint)
	}
	for _, s := range says {
		if !strings.Contains(hint, s) {
			t.Errorf("%v: hint %q, want %q in it", err, hint, s)
		}
	}
}
