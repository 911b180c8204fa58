// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"context"
	"reflect"
	"runtime"
	"slices"
	"syscall"
	"testing"
)

// TestUnknownFields forgets each field in turn, as if only a newer Go had it.
func TestUnknownFields(t *testing.T) {
	if newFields != nil {
		t.Errorf("%s has fields that nobody has looked at: %v", runtime.Version(), newFields)
	}
	known := knownFields
	t.Cleanup(func() {
		knownFields = known
		newFields = findNewFields()
	})
	for typ, names := range known {
		for i := range typ.NumField() {
			name := typ.Field(i).Name
			knownFields = map[reflect.Type][]string{typ: slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == name })}
			newFields = findNewFields()
			attr, sys := withField(typ, -1)
			if err := unknownFields(attr, sys); err != nil {
				t.Errorf("%s.%s, not set: %v", typ.Name(), name, err)
			}
			attr, sys = withField(typ, i)
			_, err := startC(context.Background(), nil, "/bin/true", []string{"true"}, attr, sys, nil, nil)
			want := "request " + typ.Name() + "." + name + " is not supported by this version of forkexec: invalid argument"
			if err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
	}
}

// withField returns attributes in which a structure of the type has its field set, or none.
func withField(typ reflect.Type, field int) (*syscall.ProcAttr, *syscall.SysProcAttr) {
	attr, sys := new(syscall.ProcAttr), new(syscall.SysProcAttr)
	v := reflect.New(typ)
	if field >= 0 {
		switch f := v.Elem().Field(field); f.Kind() {
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int:
			f.SetInt(1)
		case reflect.Uintptr, reflect.Uint32:
			f.SetUint(1)
		case reflect.String:
			f.SetString("x")
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		default:
			panic(f.Kind())
		}
	}
	switch p := v.Interface().(type) {
	case *syscall.ProcAttr:
		attr = p
	case *syscall.SysProcAttr:
		sys = p
	case *syscall.Credential:
		sys.Credential = p
	case *syscall.SysProcIDMap:
		sys.UidMappings = []syscall.SysProcIDMap{{}}
		sys.GidMappings = []syscall.SysProcIDMap{{}, *p}
	}
	return attr, sys
}
