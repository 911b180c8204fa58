// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// A format is a way to write a record.
type format struct {
	name, flag, title string
	text              func(rec *record) ([]byte, error)
}

var formats = []format{
	{"text", "text", "the tables", func(rec *record) ([]byte, error) { return textOf(rec, true), nil }},
	{"bench", "bench", "Go benchmark lines for benchstat", func(rec *record) ([]byte, error) { return benchLines(rec), nil }},
	{"csv", "csv", "a line for each round of each path (CSV)", csvLines},
	{"json", "json", "all that has been measured, for programs and for -from,", func(rec *record) ([]byte, error) {
		text, err := json.MarshalIndent(rec, "", " ")
		return append(text, '\n'), err
	}},
	{"html", "report", "a report with plots (HTML, complete in itself)", reportHTML},
	{"readme", "readme", "the table of the project's README", func(rec *record) ([]byte, error) { return readmeTable(rec), nil }},
}

func formatNames() (names []string) {
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// write writes all that the config asks for. The tables have been printed in the course
// of the measurement already; what is left of the text comes last.
func write(cfg *config, rec *record, stdout io.Writer) error {
	var failed error
	for _, f := range formats {
		file := cfg.files[f.name]
		if file == "" && cfg.format != f.name {
			continue
		}
		text, err := f.text(rec)
		if err == nil && file != "" {
			err = os.WriteFile(file, text, 0o666)
		}
		if err == nil && cfg.format == f.name && f.name != "text" {
			_, err = stdout.Write(text)
		}
		if err == nil && cfg.format == "text" && file != "" {
			fmt.Fprintf(stdout, "%s: %s\n", f.flag, file)
		}
		failed = errors.Join(failed, err)
	}
	if cfg.format != "text" {
		return failed
	}
	var buf bytes.Buffer
	if len(cfg.files) > 0 {
		buf.WriteByte('\n')
	}
	if cfg.from == "" {
		writeEnd(&buf, rec, cfg.goals)
	} else {
		buf.Write(textOf(rec, cfg.goals))
	}
	_, err := stdout.Write(buf.Bytes())
	return errors.Join(failed, err)
}
