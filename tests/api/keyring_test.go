// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package api

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
)

const addrNoRandomize, wholeSeconds = uint32(0x0040000), uint32(0x2000000)

// Commands of keyctl(2).
const (
	keyctlGetKeyringID = iota
	keyctlJoinSessionKeyring
	keyctlSetperm     = 5
	keyctlDescribe    = 6
	keySpecSession    = ^uintptr(2) // -3
	posAllUserSearch  = 0x3f1b0000
	describedAtMost   = 256
	askForPersonality = 0xffffffff
)

func sessionKeyring() (uintptr, syscall.Errno) {
	id, _, errno := syscall.RawSyscall(syscall.SYS_KEYCTL, keyctlGetKeyringID, keySpecSession, 0)
	return id, errno
}

// printKeyring is the part of printState for the session keyring: its ID, and type;uid;gid;perm;name.
func printKeyring() {
	id, errno := sessionKeyring()
	if errno != 0 {
		fmt.Println("keyring:", errno)
		return
	}
	var text [describedAtMost]byte
	n, _, _ := syscall.RawSyscall6(syscall.SYS_KEYCTL, keyctlDescribe, id, uintptr(unsafe.Pointer(&text)), describedAtMost, 0, 0)
	f := strings.Split(strings.TrimRight(string(text[:min(n, describedAtMost)]), "\x00"), ";")
	if len(f) != 5 {
		fmt.Println("keyring:", id, f)
		return
	}
	fmt.Printf("keyring: %d\nkeyring of %s %s: %s\n", id, f[1], f[2], f[4])
}

// ways are those of starting a child: it shares memory, is forked, has other IDs.
func ways() map[string]*syscall.SysProcAttr {
	all := map[string]*syscall.SysProcAttr{"": nil, "forked": nil}
	if os.Getuid() == 0 {
		all["other IDs"] = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65533}}
	}
	return all
}

func fork(way string, opt *forkexec.Options) *forkexec.Options {
	if way == "forked" {
		opt.OnClone = func(int) error { return nil }
	}
	return opt
}

func TestPersonality(t *testing.T) {
	needC(t)
	clean(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, _, _ := syscall.RawSyscall(syscall.SYS_PERSONALITY, askForPersonality, 0, 0)
	want := uint32(own) | addrNoRandomize | wholeSeconds
	_, _, errno := syscall.RawSyscall(syscall.SYS_PERSONALITY, uintptr(want), 0, 0)
	if _, _, back := syscall.RawSyscall(syscall.SYS_PERSONALITY, own, 0, 0); errno != 0 || back != 0 {
		t.Skip("personality: ", errno, back)
	}
	for way, sys := range ways() {
		opt := fork(way, &forkexec.Options{Personality: ptr(want)})
		if out := outputOf(t, sys, opt, "/bin/cat", "/proc/self/personality"); out != fmt.Sprintf("%08x\n", want) {
			t.Errorf("%q: %s, want %08x", way, out, want)
		}
		opt = fork(way, &forkexec.Options{})
		if out := outputOf(t, sys, opt, "/bin/cat", "/proc/self/personality"); out != fmt.Sprintf("%08x\n", own) {
			t.Errorf("%q: %s without the option, want %08x", way, out, own)
		}
	}
	if now, _, _ := syscall.RawSyscall(syscall.SYS_PERSONALITY, askForPersonality, 0, 0); now != own {
		t.Errorf("our own personality was %#x, and is %#x", own, now)
	}
	// The program sees it, not only /proc: addresses are the same each time.
	maps := func(p uint32) string {
		out := outputOf(t, nil, &forkexec.Options{Personality: &p}, "/bin/cat", "/proc/self/maps")
		line, _, _ := strings.Cut(out[strings.Index(out, "[stack]")-80:], "[stack]")
		return line[strings.LastIndexByte(line, '\n')+1:]
	}
	if maps(want) != maps(want) {
		t.Error("the stack is at another address with ADDR_NO_RANDOMIZE")
	}
}

func TestSessionKeyring(t *testing.T) {
	needC(t)
	clean(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, errno := sessionKeyring()
	if errno != 0 {
		t.Skip("keyctl: ", errno)
	}
	const name = "forkexec-api-test"
	keyring := func(sys *syscall.SysProcAttr, opt *forkexec.Options) (id uintptr, of string) {
		out := stateOf(t, sys, opt)
		if n, err := fmt.Sscanf(out[strings.Index(out, "keyring: "):], "keyring: %d\n", &id); n != 1 {
			t.Fatal(err, out)
		}
		_, of, _ = strings.Cut(out, "keyring of ")
		of, _, _ = strings.Cut(of, "\n")
		return id, of
	}
	if got, _ := keyring(nil, nil); got != own {
		t.Errorf("without the option: keyring %d, want our %d", got, own)
	}
	for way, sys := range ways() {
		owner := fmt.Sprint(os.Getuid(), " ", os.Getgid())
		if sys != nil {
			owner = "65534 65533"
		}
		first, of := keyring(sys, fork(way, &forkexec.Options{SessionKeyring: ptr("")}))
		second, _ := keyring(sys, fork(way, &forkexec.Options{SessionKeyring: ptr("")}))
		if first == own || first == second || of != owner+": _ses" {
			t.Errorf("%q: keyrings %d (of %s) and %d, ours is %d", way, first, of, second, own)
		}
		if id, of := keyring(sys, fork(way, &forkexec.Options{SessionKeyring: ptr(name)})); id == own || of != owner+": "+name {
			t.Errorf("%q: keyring %d of %s by name", way, id, of)
		}
	}
	if now, _ := sessionKeyring(); now != own {
		t.Errorf("our own keyring was %d, and is %d", own, now)
	}
	// One that this user can search is joined. Another thread has it, which ends with the test.
	made, done := make(chan uintptr), make(chan bool)
	go func() {
		runtime.LockOSThread()
		at, _ := syscall.BytePtrFromString(name)
		id, _, _ := syscall.RawSyscall(syscall.SYS_KEYCTL, keyctlJoinSessionKeyring, uintptr(unsafe.Pointer(at)), 0)
		_, _, errno := syscall.RawSyscall(syscall.SYS_KEYCTL, keyctlSetperm, id, posAllUserSearch)
		if errno != 0 {
			id = 0
		}
		made <- id
		<-done
	}()
	id := <-made
	if got, _ := keyring(nil, &forkexec.Options{SessionKeyring: ptr(name)}); id == 0 || got != id {
		t.Errorf("keyring %d, want the one that is there, %d", got, id)
	}
	close(done)
}
