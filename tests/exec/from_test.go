// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

import (
	"bytes"
	"context"
	"errors"
	"os"
	osexec "os/exec"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"forkexec.example/forkexec/go/exec"
)

// ofAStart are the exported fields that a start sets: From refuses them.
var ofAStart = map[string]bool{"Process": true, "ProcessState": true}

// unexported are the fields of os/exec's Cmd, of any version, that From knows of: those that
// it looks at, and those that a Cmd without pipes and without a start does not have set. The
// context it cannot take over, and cachedLookExtensions matters on Windows, where os/exec
// fills the result's own.
var unexported = map[string]bool{
	"ctx": true, "lookPathErr": true, "childIOFiles": true, "parentIOPipes": true, "startCalled": true,
	"goroutine": true, "goroutineErr": true, "ctxResult": true, "createdByStack": true, "cachedLookExtensions": true,
}

// TestFromFields: each exported field is taken over, for the toolchain in use. A field that a
// newer Go adds fails here until From has it.
func TestFromFields(t *testing.T) {
	typ := reflect.TypeFor[osexec.Cmd]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		if !f.IsExported() {
			if !unexported[f.Name] {
				t.Errorf("os/exec.Cmd has a field %s that From does not know", f.Name)
			}
			continue
		}
		cmd := new(osexec.Cmd)
		v := reflect.ValueOf(cmd).Elem().Field(i)
		v.Set(nonZero(t, f))
		c := exec.From(context.Background(), cmd)
		if ofAStart[f.Name] {
			if c.Err == nil || !strings.Contains(c.Err.Error(), "started") || c.Start() == nil {
				t.Errorf("%s: Err is %v", f.Name, c.Err)
			}
			continue
		}
		got := reflect.ValueOf(c).Elem().FieldByName(f.Name)
		if !got.IsValid() || !same(got, v) {
			t.Errorf("%s has not been taken over: %v, want %v", f.Name, got, v)
		}
	}
}

func nonZero(t *testing.T, f reflect.StructField) reflect.Value {
	t.Helper()
	for _, v := range []any{
		"x", []string{"x"}, []*os.File{os.Stdin}, &syscall.SysProcAttr{Setsid: true}, &os.Process{}, &os.ProcessState{},
		errors.New("x"), func() error { return nil }, time.Second, new(bytes.Buffer),
	} {
		if reflect.TypeOf(v).AssignableTo(f.Type) {
			return reflect.ValueOf(v)
		}
	}
	t.Fatalf("no value for %s %s", f.Name, f.Type)
	return reflect.Value{}
}

func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Func {
		return a.Pointer() == b.Pointer()
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// TestFromPipes: pipes made before cannot be taken over, pipes made after work.
func TestFromPipes(t *testing.T) {
	for name, pipe := range map[string]func(*osexec.Cmd) error{
		"StdinPipe":  func(c *osexec.Cmd) error { _, err := c.StdinPipe(); return err },
		"StdoutPipe": func(c *osexec.Cmd) error { _, err := c.StdoutPipe(); return err },
		"StderrPipe": func(c *osexec.Cmd) error { _, err := c.StderrPipe(); return err },
	} {
		cmd := osexec.Command("/bin/true")
		if err := pipe(cmd); err != nil {
			t.Fatal(err)
		}
		c := exec.From(context.Background(), cmd)
		if c.Err == nil || !strings.Contains(c.Err.Error(), "pipes") || c.Start() != c.Err {
			t.Errorf("%s: Err is %v", name, c.Err)
		}
		cmd.Path = "/missing"
		_ = cmd.Start() // closes them
	}
	c := exec.From(context.Background(), osexec.Command("cat"))
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() { in.Write([]byte("through")); in.Close() }()
	if out, err := c.Output(); string(out) != "through" || err != nil {
		t.Errorf("Output = %q, %v", out, err)
	}
}

func TestFromStarted(t *testing.T) {
	cmd := osexec.Command("/bin/true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if c := exec.From(context.Background(), cmd); c.Err == nil || c.Start() == nil {
		t.Errorf("Err is %v", c.Err)
	}
	cmd = osexec.Command("/bin/true")
	if err := exec.From(context.Background(), cmd).Run(); err != nil {
		t.Fatal(err)
	}
	if c := exec.From(context.Background(), cmd); c.Err == nil || c.Err.Error() != "exec: From: the command has been started already" {
		t.Errorf("From after the Run of another From: Err is %v", c.Err)
	}
	cmd = osexec.Command("no-such-program-anywhere")
	if c := exec.From(context.Background(), cmd); !errors.Is(c.Err, exec.ErrNotFound) || c.Start() != c.Err {
		t.Errorf("the lookup's error is %v", c.Err)
	}
}

// TestFromCancel: what happens when the context ends, by who made the command.
func TestFromCancel(t *testing.T) {
	run := func(change func(*osexec.Cmd), cmd *osexec.Cmd) (*exec.Cmd, error) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		change(cmd)
		c := exec.From(ctx, cmd)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if cmd.Process != c.Process {
			t.Error("the original does not know its process")
		}
		cancel()
		err := c.Wait()
		if cmd.ProcessState != c.ProcessState || c.ProcessState == nil {
			t.Error("the original does not know how its process ended")
		}
		return c, err
	}
	signal := func(err error) syscall.Signal {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return 0
		}
		return exit.Sys().(syscall.WaitStatus).Signal()
	}
	asIs := func(*osexec.Cmd) {}
	if _, err := run(asIs, osexec.Command("sleep", "100")); signal(err) != syscall.SIGKILL {
		t.Errorf("Command: %v, want a kill", err)
	}
	background := func(arg ...string) *osexec.Cmd {
		return osexec.CommandContext(context.Background(), arg[0], arg[1:]...)
	}
	if _, err := run(asIs, background("sleep", "100")); signal(err) != syscall.SIGKILL {
		t.Errorf("CommandContext: %v, want a kill by its own Cancel", err)
	}
	term := func(c *osexec.Cmd) { c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) } }
	if _, err := run(term, background("sleep", "100")); signal(err) != syscall.SIGTERM {
		t.Errorf("Cancel that uses the original's Process: %v, want SIGTERM", err)
	}
	none := func(c *osexec.Cmd) { c.Cancel = nil }
	if _, err := run(none, background("sleep", "0.05")); err != nil {
		t.Errorf("no Cancel: %v, want none", err)
	}
	func() {
		defer func() {
			if got := recover(); got != "nil Context" {
				t.Errorf("From(nil, …): %v", got)
			}
		}()
		exec.From(nil, osexec.Command("true"))
	}()
}
