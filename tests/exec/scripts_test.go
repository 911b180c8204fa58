// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

// What commands print, how they end and what is left, in both packages.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestScripts(t *testing.T) { compare(t, scripts) }

var scripts = []script{
	{"exit", func(l lib, n *notes) {
		for _, s := range []string{"exit 0", "exit 3", "kill -9 $$", "kill -TERM $$", "exec sleep 0"} {
			c := l.sh(s)
			n.end(c, c.Run())
		}
	}},
	{"output", func(l lib, n *notes) {
		for _, s := range []string{"echo out; echo err >&2", "echo out; echo err >&2; exit 4", ":", "echo err >&2; kill $$"} {
			c := l.sh(s)
			out, err := c.Output()
			n.add("out", string(out))
			n.add("nil", out == nil)
			n.end(c, err)
			out, err = l.sh(s).CombinedOutput()
			n.add("combined", string(out))
			n.err("error", err)
		}
	}},
	{"stderr-excerpt", func(l lib, n *notes) {
		for _, size := range []int{0, 1, 32<<10 - 1, 32 << 10, 32<<10 + 1, 64 << 10, 64<<10 + 1, 100000, 300001} {
			c := l.sh(fmt.Sprintf("seq 100000 | head -c %d >&2; exit 1", size))
			_, err := c.Output()
			n.err(fmt.Sprint(size), err)
		}
	}},
	{"stderr-set", func(l lib, n *notes) {
		c := l.sh("echo err >&2; exit 1")
		var b bytes.Buffer
		set(c, "Stderr", &b)
		_, err := c.Output()
		n.err("error", err)
		n.add("stderr", b.String())
	}},
	{"stdin-reader", func(l lib, n *notes) {
		for _, s := range []string{"cat", "head -c 3", ":", "exit 3"} {
			c := l.sh(s)
			set(c, "Stdin", strings.NewReader(strings.Repeat("abcdefgh", 100000)))
			out, err := c.Output()
			n.add("out", fmt.Sprintf("%d %.20s", len(out), out))
			n.end(c, err)
		}
	}},
	{"stdin-error", func(l lib, n *notes) {
		for _, s := range []string{"cat >/dev/null", "cat >/dev/null; exit 2"} {
			c := l.sh(s)
			set(c, "Stdin", &failing{after: 3})
			n.end(c, c.Run())
		}
	}},
	{"stdin-nil", func(l lib, n *notes) {
		c := l.sh("cat; echo $?")
		out, err := c.Output()
		n.add("out", string(out))
		n.end(c, err)
	}},
	{"stdout-error", func(l lib, n *notes) {
		c := l.sh("while :; do echo yes; done")
		set(c, "Stdout", &failing{after: 3})
		n.end(c, c.Run())
		c = l.sh("echo yes")
		set(c, "Stdout", &failing{after: 0})
		n.end(c, c.Run())
	}},
	{"files", func(l lib, n *notes) {
		dir := n.t.TempDir()
		in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
		must(n.t, os.WriteFile(in, []byte("from a file\n"), 0o600))
		r, err := os.Open(in)
		must(n.t, err)
		defer r.Close()
		w, err := os.OpenFile(out, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		must(n.t, err)
		defer w.Close()
		c := l.sh("cat; echo err >&2")
		set(c, "Stdin", r)
		set(c, "Stdout", w)
		set(c, "Stderr", w)
		n.end(c, c.Run())
		b, err := os.ReadFile(out)
		n.add("file", string(b))
		n.err("read", err)
		_, err = w.WriteString("still open\n")
		n.err("write", err)
	}},
	{"same-writer", func(l lib, n *notes) {
		one := &counter{}
		c := l.sh("for i in 1 2 3 4 5 6 7 8; do echo o; echo e >&2; done")
		set(c, "Stdout", one)
		set(c, "Stderr", one)
		n.end(c, c.Run())
		n.add("bytes", one.n)
		// Two values that cannot be compared.
		var mu sync.Mutex
		total := 0
		f := writerFunc(func(p []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			total += len(p)
			return len(p), nil
		})
		c = l.sh("echo o; echo e >&2")
		set(c, "Stdout", f)
		set(c, "Stderr", f)
		n.end(c, c.Run())
		n.add("bytes", total)
	}},
	{"descriptors", func(l lib, n *notes) {
		const list = `for fd in 0 1 2 3 4 5 6 7; do
			[ -e /proc/$$/fd/$fd ] || { echo $fd closed; continue; }
			echo $fd; readlink /proc/$$/fd/$fd; grep flags /proc/$$/fdinfo/$fd; done`
		r, w, err := os.Pipe()
		must(n.t, err)
		defer r.Close()
		defer w.Close()
		f, err := os.Open(os.DevNull)
		must(n.t, err)
		gone, err := os.Open(os.DevNull)
		must(n.t, err)
		gone.Close()
		defer f.Close()
		for _, extra := range [][]*os.File{nil, {}, {f}, {nil, f}, {w, nil, w, f}, {gone, f}} {
			for _, in := range []io.Reader{nil, r, strings.NewReader("x"), (*os.File)(nil)} {
				c := l.sh(list)
				set(c, "ExtraFiles", extra)
				set(c, "Stdin", in)
				out, err := c.Output()
				n.add("out", inode.ReplaceAllString(string(out), "[n]"))
				n.end(c, err)
			}
		}
		// The null device for output, seen through an extra descriptor.
		var b bytes.Buffer
		pr, pw, err := os.Pipe()
		must(n.t, err)
		c := l.sh("{ " + list + "; } >&3")
		set(c, "ExtraFiles", []*os.File{pw})
		n.end(c, c.Run())
		pw.Close()
		_, err = io.Copy(&b, pr)
		pr.Close()
		n.err("copy", err)
		n.add("out", inode.ReplaceAllString(b.String(), "[n]"))
	}},
	{"conversation", func(l lib, n *notes) {
		c := l.sh(`while read x; do echo "got $x"; echo "err $x" >&2; done`)
		in, err := c.StdinPipe()
		n.err("stdin", err)
		out, err := c.StdoutPipe()
		n.err("stdout", err)
		errs, err := c.StderrPipe()
		n.err("stderr", err)
		n.add("types", fmt.Sprintf("%T %T %T %T", in, out, errs, get[any](c, "Stdin")))
		n.err("start", c.Start())
		for i := 0; i < 3; i++ {
			fmt.Fprintln(in, i)
			b := make([]byte, len("got 0\n"))
			_, err = io.ReadFull(out, b)
			n.add(string(b), err)
		}
		n.err("close", in.Close())
		rest, err := io.ReadAll(errs)
		n.add(string(rest), err)
		n.end(c, c.Wait())
		n.err("close again", in.Close())
		_, err = out.Read(make([]byte, 1))
		n.err("read after Wait", err)
	}},
	{"pipeline", func(l lib, n *notes) {
		a, b := l.sh("seq 1000"), l.sh("tail -n 1")
		out, err := a.StdoutPipe()
		n.err("pipe", err)
		set(b, "Stdin", out)
		n.err("start", a.Start())
		res, err := b.Output()
		n.add("out", string(res))
		n.end(b, err)
		n.end(a, a.Wait())
	}},
	{"process", func(l lib, n *notes) {
		c := l.sh("sleep 100")
		n.err("start", c.Start())
		p := get[*os.Process](c, "Process")
		n.add("pid is positive", p.Pid > 0)
		n.err("signal 0", p.Signal(syscall.Signal(0)))
		n.err("kill", p.Kill())
		n.end(c, c.Wait())
		n.err("kill", p.Kill())
		n.err("signal 0", p.Signal(syscall.Signal(0)))
		_, err := p.Wait()
		n.add("second wait of the process fails", err != nil)
	}},
	{"waited-by-process", func(l lib, n *notes) {
		c := l.sh("exit 3")
		n.err("start", c.Start())
		ps, err := get[*os.Process](c, "Process").Wait()
		n.add("state", ps)
		n.err("error", err)
		n.end(c, c.Wait())
	}},
	{"released", func(l lib, n *notes) {
		c := l.sh("exit 3")
		n.err("start", c.Start())
		p := get[*os.Process](c, "Process")
		pid := p.Pid
		n.err("release", p.Release())
		n.end(c, c.Wait())
		_, err := syscall.Wait4(pid, nil, 0, nil)
		n.err("wait4", err)
	}},
	{"literal", func(l lib, n *notes) {
		c := l.literal()
		set(c, "Path", "/bin/sh")
		n.end(c, c.Run())
		c = l.literal()
		set(c, "Path", "/bin/sh")
		set(c, "Args", []string{"name", "-c", "echo $0; exit 5"})
		out, err := c.Output()
		n.add("out", string(out))
		n.end(c, err)
	}},
}

type failing struct{ after, n int }

var errFailing = errors.New("failing on purpose")

func (f *failing) try(p []byte) (int, error) {
	if f.n++; f.n > f.after {
		return 0, errFailing
	}
	return len(p), nil
}

func (f *failing) Write(p []byte) (int, error) { return f.try(p) }

func (f *failing) Read(p []byte) (int, error) { return f.try(p[:min(len(p), 10)]) }

type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
