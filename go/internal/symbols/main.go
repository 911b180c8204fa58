// SPDX-License-Identifier: BSD-3-Clause

// Command symbols writes the names of the core's functions into the symbol table of a program
// without cgo, where the core is one piece of text with one name. Then perf, bpftrace, gdb and
// uprobes know them. It needs objcopy, and text.elf from `make gen-text` of the same version:
//
//	go run ./go/internal/symbols PROGRAM build/nocgo/amd64/text.elf
package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

const textBase = 0x10000 // where text.elf begins

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: symbols PROGRAM TEXT.ELF")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "symbols:", err)
		os.Exit(1)
	}
}

func run(program, text string) error {
	functions, err := symbols(text)
	if err != nil {
		return err
	}
	all, err := symbols(program)
	if err != nil {
		return err
	}
	var core elf.Symbol
	for _, s := range all {
		if name := strings.TrimSuffix(s.Name, ".abi0"); strings.HasSuffix(name, "/c/nocgo.forkexecText") || name == "syscall.forkexecText" {
			core = s
		}
	}
	if core.Name == "" {
		return errors.New(program + " has no core without cgo, or it is stripped")
	}
	f, err := elf.Open(program)
	if err != nil {
		return err
	}
	begin := f.Section(".text").Addr
	f.Close()
	args := []string{"--strip-symbol", core.Name} // it would cover theirs
	sizes := map[uint64]uint64{}
	for _, s := range functions {
		if elf.ST_TYPE(s.Info) != elf.STT_FUNC || s.Size == 0 {
			continue
		}
		at := s.Value - textBase + core.Value
		sizes[at] = s.Size
		args = append(args, "--add-symbol", fmt.Sprintf("%s=.text:%#x,function,local", s.Name, at-begin))
	}
	if out, err := exec.Command("objcopy", append(args, program)...).CombinedOutput(); err != nil {
		return fmt.Errorf("objcopy: %w: %s", err, out)
	}
	return setSizes(program, sizes)
}

func symbols(name string) ([]elf.Symbol, error) {
	f, err := elf.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := f.Symbols()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// setSizes does what objcopy cannot.
func setSizes(name string, sizes map[uint64]uint64) error {
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	f, err := elf.NewFile(file)
	if err != nil {
		return err
	}
	list, err := f.Symbols()
	if err != nil {
		return err
	}
	table := f.SectionByType(elf.SHT_SYMTAB)
	entry, at, width := int64(elf.Sym64Size), int64(16), 8
	if f.Class == elf.ELFCLASS32 {
		entry, at, width = elf.Sym32Size, 8, 4
	}
	for i, s := range list { // without the first of the table, which is none
		size, ok := sizes[s.Value]
		if !ok || s.Size != 0 {
			continue
		}
		b := make([]byte, width)
		if width == 8 {
			f.ByteOrder.PutUint64(b, size)
		} else {
			f.ByteOrder.PutUint32(b, uint32(size))
		}
		if _, err := file.WriteAt(b, int64(table.Offset)+int64(i+1)*entry+at); err != nil {
			return err
		}
	}
	return file.Close()
}
