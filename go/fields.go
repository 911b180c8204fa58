// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (amd64 || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"reflect"
	"syscall"
)

// knownFields are the fields of syscall.SysProcAttr that the C path honours: those
// of Go 1.22 to 1.26.
var knownFields = map[string]bool{
	"AmbientCaps": true, "CgroupFD": true, "Chroot": true, "Cloneflags": true, "Credential": true,
	"Ctty": true, "Foreground": true, "GidMappings": true, "GidMappingsEnableSetgroups": true,
	"Noctty": true, "Pdeathsig": true, "Pgid": true, "PidFD": true, "Ptrace": true, "Setctty": true,
	"Setpgid": true, "Setsid": true, "UidMappings": true, "Unshareflags": true, "UseCgroupFD": true,
}

// newFields are the indexes of fields that this toolchain has and we do not know.
var newFields = func() (list []int) {
	t := reflect.TypeOf(syscall.SysProcAttr{})
	for i := 0; i < t.NumField(); i++ {
		if !knownFields[t.Field(i).Name] {
			list = append(list, i)
		}
	}
	return list
}()

// unknownFields refuses an attribute that would silently be ignored otherwise.
func unknownFields(sys *syscall.SysProcAttr) *Error {
	if len(newFields) == 0 {
		return nil
	}
	v := reflect.ValueOf(sys).Elem()
	for _, i := range newFields {
		if !v.Field(i).IsZero() {
			return &Error{Step: StepRequest, Errno: syscall.EINVAL,
				Object: "SysProcAttr." + v.Type().Field(i).Name + " is not supported by this version of forkexec"}
		}
	}
	return nil
}
