// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"reflect"
	"slices"
	"syscall"
)

// knownFields are those that the C path knows: the ones of Go 1.22 to 1.26.
var knownFields = map[reflect.Type][]string{
	reflect.TypeFor[syscall.ProcAttr](): {"Dir", "Env", "Files", "Sys"},
	reflect.TypeFor[syscall.SysProcAttr](): {
		"AmbientCaps", "CgroupFD", "Chroot", "Cloneflags", "Credential", "Ctty", "Foreground", "GidMappings",
		"GidMappingsEnableSetgroups", "Noctty", "Pdeathsig", "Pgid", "PidFD", "Ptrace", "Setctty", "Setpgid",
		"Setsid", "UidMappings", "Unshareflags", "UseCgroupFD",
	},
	reflect.TypeFor[syscall.Credential]():   {"Gid", "Groups", "NoSetGroups", "Uid"},
	reflect.TypeFor[syscall.SysProcIDMap](): {"ContainerID", "HostID", "Size"},
}

// newFields are the indexes of fields that this toolchain has and we do not know; nil, as a
// start hopes, if there are none.
var newFields = findNewFields()

func findNewFields() (found map[reflect.Type][]int) {
	for t, names := range knownFields {
		for i := range t.NumField() {
			if slices.Contains(names, t.Field(i).Name) {
				continue
			}
			if found == nil {
				found = map[reflect.Type][]int{}
			}
			found[t] = append(found[t], i)
		}
	}
	return found
}

// unknownFields refuses an attribute that would silently be ignored otherwise.
func unknownFields(attr *syscall.ProcAttr, sys *syscall.SysProcAttr) *Error {
	if newFields == nil {
		return nil
	}
	return setNewField(attr, sys)
}

func setNewField(attr *syscall.ProcAttr, sys *syscall.SysProcAttr) *Error {
	all := []any{*attr, *sys}
	if sys.Credential != nil {
		all = append(all, *sys.Credential)
	}
	for _, list := range [][]syscall.SysProcIDMap{sys.UidMappings, sys.GidMappings} {
		for _, m := range list {
			all = append(all, m)
		}
	}
	for _, s := range all {
		v := reflect.ValueOf(s)
		for _, i := range newFields[v.Type()] {
			if !v.Field(i).IsZero() {
				return &Error{Step: StepRequest, Errno: syscall.EINVAL,
					Object: v.Type().Name() + "." + v.Type().Field(i).Name + " is not supported by this version of forkexec",
					hint:   "This Go has a field that this version of forkexec does not know, and does not ignore. Update forkexec, or use FORKEXEC=stdlib."}
			}
		}
	}
	return nil
}
