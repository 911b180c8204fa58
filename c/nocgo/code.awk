# SPDX-License-Identifier: BSD-3-Clause
#
# code.awk: the code of C, assembler and linker script sources without comments: one line
# for each directive or assembler line, and one for all that stands between two of them. White
# space is one blank where it may separate words, and nothing beside brackets, commas and
# semicolons. What is in quotes stays as it is. LC_ALL=C awk -f code.awk FILE...

function flush() {
	if (code != "")
		print code
	code = ""
	blank = directive = 0
}

function put(s, first, last) { # adds a token, with a blank in front if one was seen
	if (blank && code != "") {
		first = substr(s, 1, 1)
		last = substr(code, length(code))
		if (directive || !(index(loose, first) || index(loose, last)))
			code = code " "
	}
	code = code s
	blank = 0
}

function quoted(line, quote, n) { # the length of the string that line begins with
	for (n = 2; n <= length(line); n++) {
		if (substr(line, n, 1) == "\\")
			n++
		else if (substr(line, n, 1) == quote)
			break
	}
	return n
}

function scan(line, two, n) {
	while (line != "") {
		if (comment) {
			if (!(n = index(line, "*/")))
				return
			comment = 0
			line = substr(line, n + 2)
			continue
		}
		two = substr(line, 1, 2)
		n = 1
		if (two == "//")
			return
		if (two == "/*") {
			comment = blank = 1
			n = 2
		} else if (match(line, /^[ \t\f\r]+/)) {
			blank = 1
			n = RLENGTH
		} else if (match(line, /^["']/)) {
			n = quoted(line, substr(line, 1, 1))
			put(substr(line, 1, n))
		} else {
			if (match(line, /^[A-Za-z0-9_]+/))
				n = RLENGTH
			put(substr(line, 1, n))
		}
		line = substr(line, n + 1)
	}
}

BEGIN { loose = "(){}[],;" }

FNR == 1 {
	flush()
	comment = 0
	held = ""
}

{
	line = held $0
	held = ""
	if (line ~ /\\$/) { # goes on in the next line
		held = substr(line, 1, length(line) - 1)
		next
	}
	if (!comment && line ~ /^[ \t]*#/) {
		flush()
		directive = 1
	}
	scan(line)
	if ((directive || FILENAME ~ /\.S$/) && !comment)
		flush()
	blank = 1
}

END { flush() }
