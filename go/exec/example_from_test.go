// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"strconv"
	"syscall"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// A library that knows os/exec only hands out a command; it is started here.
func ExampleFrom() {
	library := func() *osexec.Cmd { return osexec.Command("echo", "from a library") }

	cmd := exec.From(context.Background(), library())
	out, err := cmd.Output()
	fmt.Printf("%s%v\n", out, err)
	// Output:
	// from a library
	// <nil>
}

// With StepErrors the error itself names the step, for code that never sees the Cmd.
func ExampleCmd_stepErrors() {
	run := func() error {
		cmd := exec.Command("/bin/true")
		cmd.Dir = "/no/such/directory"
		cmd.Options = &forkexec.Options{StepErrors: true}
		return cmd.Run()
	}
	fmt.Println(run())
	var step *forkexec.Error
	if errors.As(run(), &step) {
		fmt.Println(step.Step, step.Object)
	}
	// Output:
	// fork/exec /bin/true: chdir /no/such/directory: no such file or directory. The working directory /no/such/directory does not exist, because /no is missing already. Create that directory, or correct the path.
	// chdir /no/such/directory
}

// A command on a terminal of its own. With github.com/creack/pty, pty.Open() returns the two
// files; all else is as here. (Its pty.Start wants an *os/exec.Cmd, and starts that.)
func ExampleCmd_terminal() {
	pty, tty, err := openTerminal()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pty.Close()

	cmd := exec.Command("sh", "-c", "tty >/dev/null && echo on a terminal")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // Ctty 0 is Stdin
	err = cmd.Start()
	tty.Close() // the command has it
	if err != nil {
		fmt.Println(err)
		return
	}
	line, _ := bufio.NewReader(pty).ReadString('\n')
	fmt.Printf("%q %v\n", line, cmd.Wait())
	// Output: "on a terminal\r\n" <nil>
}

// openTerminal is pty.Open of github.com/creack/pty.
func openTerminal() (pty, tty *os.File, err error) {
	pty, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	var number, unlock uint32
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, pty.Fd(), syscall.TIOCSPTLCK, uintptr(unsafe.Pointer(&unlock)))
	if errno == 0 {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, pty.Fd(), syscall.TIOCGPTN, uintptr(unsafe.Pointer(&number)))
	}
	if errno != 0 {
		pty.Close()
		return nil, nil, errno
	}
	tty, err = os.OpenFile("/dev/pts/"+strconv.Itoa(int(number)), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		pty.Close()
	}
	return pty, tty, err
}
