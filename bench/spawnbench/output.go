// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
)

// A format is a way to write a record.
type format struct {
	name, flag, title string
	text              func(rec *record) ([]byte, error)
}

var formats = []format{
	{"text", "text", "the tables", func(rec *record) ([]byte, error) { return textOf(rec), nil }},
	{"bench", "bench", "Go benchmark lines for benchstat", func(rec *record) ([]byte, error) { return benchLines(rec), nil }},
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
// of the measurement already, but for the goals.
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
		if err == nil && cfg.format == f.name {
			if f.name == "text" && cfg.from == "" {
				var buf bytes.Buffer
				writeGoals(&buf, rec.Goals)
				text = buf.Bytes()
			}
			_, err = stdout.Write(text)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}
