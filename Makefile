# SPDX-License-Identifier: BSD-3-Clause
#
# Builds, tests and measures forkexec. `make help` lists the targets. Everything
# that is made goes to build/. CFLAGS, CPPFLAGS, LDFLAGS, CC,
# PREFIX, LIBDIR and DESTDIR are the user's.

CC ?= cc
GO ?= go
AR ?= ar
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
DESTDIR ?=
# What runs a program for another machine, as qemu-aarch64.
COMPLETE ?=
B := build

ifeq ($(V),)
Q := @
say = @printf '  %-8s %s\n' $(1) '$(2)'
endif

.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules

version = $(shell sed -n 's/^\#define FORKEXEC_VERSION_$(1) *//p' include/forkexec.h)
VERSION := $(call version,MAJOR).$(call version,MINOR).$(call version,PATCH)
SONAME := libforkexec.so.$(call version,MAJOR)

CORE := attr child clone explain explain_attr explain_clone explain_exec explain_fds explain_files explain_ids \
	explain_limits explain_path explain_text forkexec goabi hold plan run stop
LIB := $(CORE) lib step
# -fPIC serves both libraries; the core must work without any libc.
PROJECT_CFLAGS := -std=gnu11 -fPIC -fvisibility=hidden -Iinclude -MMD -MP \
	-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla

## all: the command forkexec; the C library, static and shared, with its pkg-config file
.PHONY: all
all: $(B)/forkexec $(B)/forkexec.bash $(B)/forkexec.zsh lib

## lib: the library alone
.PHONY: lib
lib: $(B)/libforkexec.a $(B)/libforkexec.so $(B)/forkexec.pc

$(B)/obj/%.o: c/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(PROJECT_CFLAGS) $(CFLAGS) $(CPPFLAGS) -c $< -o $@

# lib.c and step.c are public as a whole; the core marks what is public itself.
$(B)/obj/lib.o $(B)/obj/step.o: PROJECT_CFLAGS += -fvisibility=default

$(B)/libforkexec.a: $(LIB:%=$(B)/obj/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/libforkexec.so: $(LIB:%=$(B)/obj/%.o) c/forkexec.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-soname,$(SONAME) -Wl,--version-script,c/forkexec.map -Wl,-z,defs \
		$(CFLAGS) $(LDFLAGS) $(LIB:%=$(B)/obj/%.o) -o $@

# The command is a user of the library, so it has no more of it than others have.
CLI := apply attributes confine dry dry_attributes help helpers hook html json lines main names options pause \
	report start trace
$(B)/obj/cli/%.o: PROJECT_CFLAGS += -D_GNU_SOURCE
$(B)/forkexec: $(CLI:%=$(B)/obj/cli/%.o) $(B)/libforkexec.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ -lcap

.PHONY: libcap
libcap:
	@printf '#include <sys/capability.h>\n' | $(CC) $(CFLAGS) -E - >/dev/null 2>&1 || { \
		echo 'The command needs libcap: apt-get install -y libcap-dev (the library alone: make install-lib)' >&2; exit 1; }
$(CLI:%=$(B)/obj/cli/%.o): | libcap
$(B)/forkexec.bash $(B)/forkexec.zsh: $(B)/forkexec.%: $(B)/forkexec
	$(Q)$(COMPLETE) $< --completion $* >$@

# Always made anew: it depends on PREFIX.
.PHONY: $(B)/forkexec.pc
$(B)/forkexec.pc: c/forkexec.pc.in
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' $< >$@

MAN3 = $(filter-out forkexec_spawn,$(shell sed -n 's/^\t\(forkexec_[a-z_]*\);$$/\1/p' c/forkexec.map))
share = $(DESTDIR)$(PREFIX)/share
libdir = $(DESTDIR)$(LIBDIR)

## install: command, library, pkg-config file, man pages and completions below DESTDIR/PREFIX
.PHONY: install
install: all install-lib
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(share)/man/man1' \
		'$(share)/bash-completion/completions' '$(share)/zsh/vendor-completions'
	install -m 755 $(B)/forkexec '$(DESTDIR)$(PREFIX)/bin'
	install -m 644 c/man/forkexec.1 '$(share)/man/man1'
	install -m 644 $(B)/forkexec.bash '$(share)/bash-completion/completions/forkexec'
	install -m 644 $(B)/forkexec.zsh '$(share)/zsh/vendor-completions/_forkexec'

## install-lib: the library alone, with its pkg-config file and man pages; needs no libcap
.PHONY: install-lib
install-lib: lib
	install -d '$(DESTDIR)$(PREFIX)/include' '$(libdir)/pkgconfig' \
		'$(share)/man/man3' '$(share)/man/man7'
	install -m 644 include/forkexec.h include/forkexec_attr.h include/forkexec_steps.h include/forkexec_go.h '$(DESTDIR)$(PREFIX)/include'
	install -m 644 $(B)/libforkexec.a '$(libdir)'
	install -m 755 $(B)/libforkexec.so '$(libdir)/libforkexec.so.$(VERSION)'
	ln -sf libforkexec.so.$(VERSION) '$(libdir)/$(SONAME)'
	ln -sf libforkexec.so.$(VERSION) '$(libdir)/libforkexec.so'
	install -m 644 $(B)/forkexec.pc '$(libdir)/pkgconfig'
	install -m 644 c/man/forkexec_spawn.3 '$(share)/man/man3'
	install -m 644 c/man/forkexec.7 '$(share)/man/man7'
	for f in $(MAN3); do echo '.so man3/forkexec_spawn.3' >'$(share)'/man/man3/$$f.3 || exit 1; done
	@[ -n '$(DESTDIR)' ] || { [ "$$(id -u)" -eq 0 ] && ldconfig; } || \
		echo 'Now run ldconfig as root, or set LD_LIBRARY_PATH=$(LIBDIR), for programs that use the library.'

## uninstall: removes what install or install-lib has put there
.PHONY: uninstall
uninstall:
	cd '$(DESTDIR)$(PREFIX)' && rm -f bin/forkexec include/forkexec.h include/forkexec_attr.h include/forkexec_steps.h include/forkexec_go.h \
		share/man/man1/forkexec.1 share/man/man7/forkexec.7 share/man/man3/forkexec_spawn.3 \
		$(MAN3:%=share/man/man3/%.3) share/bash-completion/completions/forkexec \
		share/zsh/vendor-completions/_forkexec
	rm -f '$(libdir)'/libforkexec.* '$(libdir)/pkgconfig/forkexec.pc'

## deb: the Debian packages libforkexec0, libforkexec-dev and forkexec, into build/deb
.PHONY: deb
deb: deb-tools
	packaging/deb.sh $(B)/deb

BENCH := $(GO) run ./bench/spawnbench -build $(B)/bench
bench_files = -json $(B)/$(1).json -report $(B)/$(1).html -bench $(B)/$(1).txt

## bench: measures the C path against the standard library and other spawners (4 minutes)
.PHONY: bench
bench: bench-tools
	$(Q)mkdir -p $(B)
	$(BENCH) -time 150s $(call bench_files,bench)

## bench-full: all scenarios and the goals, with a report (half an hour, 17 GB of memory)
.PHONY: bench-full
bench-full: bench-tools
	$(Q)mkdir -p $(B)
	$(BENCH) -scenarios all -time 25m -goals $(call bench_files,bench-full)

## bench-readme: the README's table, from the last run of bench, in its place there
.PHONY: bench-readme
bench-readme:
	$(BENCH) -from $(B)/bench.json -readme $(B)/bench.md -format readme
	$(Q)sed -i -e '/^<!-- bench begin/,/^<!-- bench end/{//!d}' -e '/^<!-- bench begin/r $(B)/bench.md' README.md

## test: every test that belongs to CI
.PHONY: test
test: test-tools
	$(Q)CC='$(CC)' GO='$(GO)' tests/run.sh $(SUITES)

## random: 20,000 random cases against the standard library (minutes)
.PHONY: random
random: test-tools
	$(GO) test ./tests/differential -count=1 -timeout 60m -run TestRandom -v -args -random.n 20000

## soak: N starts (a million), with cgo and without; then nothing may be left (minutes)
.PHONY: soak
N ?= 1000000
soak: test-tools
	for cgo in 1 0; do \
		CGO_ENABLED=$$cgo $(GO) test ./tests/soak -count=1 -timeout 12h -v -args -soak.n $(N) || exit 1; \
	done

## fuzz: the fuzz targets, FUZZ_SECONDS (600) each
.PHONY: fuzz
fuzz: test-tools
	tests/fuzz/fuzz.sh $(or $(FUZZ_SECONDS),600)

## matrix: every supported Go and architecture, into docs/matrix.md (most of an hour)
.PHONY: matrix
matrix: test-tools
	GO='$(GO)' tests/matrix/run.sh

## kernels: the tests on Debian's kernels, emulated, amd64 and arm64 (KERNELS=amd64/5.10)
.PHONY: kernels
kernels: kernels-tools
	$(Q)CC='$(CC)' GO='$(GO)' tests/kernels/run.sh $(if $(MATRIX),-matrix) $(KERNELS)

.PHONY: bench-tools deb-tools kernels-tools test-tools
bench-tools deb-tools kernels-tools test-tools:
	$(Q)tests/install-tools.sh $(@:-tools=)

## gen: all that is generated: gen-steps and gen-text
.PHONY: gen
gen: gen-steps gen-text

## gen-steps: what is made from the step list and the hints (Go, man page)
.PHONY: gen-steps
gen-steps:
	$(GO) run ./go/internal/gen

## gen-text: the core as Go assembler text, for programs without cgo (c/nocgo/README.md)
.PHONY: gen-text
gen-text:
	$(Q)c/nocgo/gen.sh $(ARCHS)

## rename: another module path, in every file (MODULE=github.com/somebody/forkexec)
.PHONY: rename
rename:
	$(GO) run ./go/internal/rename '$(MODULE)'

## fmt: gofmt
.PHONY: fmt
fmt:
	gofmt -w go c include bench tests

# The unit and fault tests are one program each: the test, the helpers of its folder,
# and the library's sources. The fault tests count and fail system calls.
TESTS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c tests/fault/test_*.c))
helpers = $(filter-out tests/$(1)/test_%.c tests/kernels/%.c,$(wildcard tests/$(1)/*.c)) $(helpers_$(1))
helpers_fault := tests/unit/support.c
helpers_kernels := tests/unit/view.c
TEST_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Iinclude -Ic -Itests/unit -Wall -Wextra -Wshadow -Wconversion

## tests: builds the C tests
.PHONY: tests
tests: $(TESTS)

$(B)/tests/fault/%: TEST_CFLAGS += -DFORKEXEC_TESTING
# Several sources at once leave -MMD one of them: all that any of them may include.
$(B)/tests/%: tests/%.c $(LIB:%=c/%.c) $(wildcard c/*.h include/*.h tests/unit/*.[ch] tests/fault/*.[ch])
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(TEST_CFLAGS) $(CFLAGS) $< $(call helpers,$(notdir $(patsubst %/,%,$(dir $<)))) \
		$(LIB:%=c/%.c) -o $@ -lcmocka -lcap -lpthread

## clean: removes build/
.PHONY: clean
clean:
	rm -rf $(B)

## help: this list
.PHONY: help
help:
	@sed -n 's/^## \([a-z-]*\): /\1\t/p' Makefile | expand -t 12

-include $(wildcard $(B)/obj/*.d $(B)/obj/cli/*.d)
