// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package trace

import "unicode/utf8"

// JSON by hand: package encoding/json would come into every program that starts another.

const cut = "…"

// appendString appends s as a JSON string of at most about max bytes. What is no UTF-8 becomes
// U+FFFD.
func appendString(b []byte, s string, max int) []byte {
	end := len(b) + max
	b = append(b, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if len(b)+6+len(cut) > end {
			b = append(b, cut...)
			break
		}
		b = appendRune(b, r)
		i += n
	}
	return append(b, '"')
}

func appendRune(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	switch {
	case r == '"' || r == '\\':
		return append(b, '\\', byte(r))
	case r == '\n':
		return append(b, `\n`...)
	case r == '\t':
		return append(b, `\t`...)
	case r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029:
		return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
	}
	return utf8.AppendRune(b, r)
}

// appendStrings appends a list of strings of at most about max bytes; a last "…" stands for
// what is left out.
func appendStrings(b []byte, list []string, max int) []byte {
	end := len(b) + max
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		left := end - len(b)
		if left < 16 {
			b = append(b, `"`+cut+`"`...)
			break
		}
		b = appendString(b, s, left)
	}
	return append(b, ']')
}
