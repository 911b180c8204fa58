// SPDX-License-Identifier: BSD-3-Clause

package exec

import osexec "os/exec"

// Error is the error of [LookPath] for a name that is no executable file. It is
// os/exec's type.
type Error = osexec.Error

// ExitError is the error of a command that ran and was not successful. It is
// os/exec's type.
type ExitError = osexec.ExitError

// ErrDot says that a lookup found a program relative to the current directory,
// which is refused. It is os/exec's value; test for it with errors.Is.
var ErrDot = osexec.ErrDot

// ErrNotFound says that no directory of PATH holds the program. It is os/exec's
// value.
var ErrNotFound = osexec.ErrNotFound

// ErrWaitDelay is what [Cmd.Wait] returns for a command that succeeded, but whose
// pipes were still open when its WaitDelay was over. It is os/exec's value.
var ErrWaitDelay = osexec.ErrWaitDelay

// LookPath searches the directories of PATH for an executable file, as os/exec's
// function does, GODEBUG=execerrdot=0 included.
func LookPath(file string) (string, error) { return osexec.LookPath(file) }
