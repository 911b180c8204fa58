# SPDX-License-Identifier: BSD-3-Clause
#
# Builds, tests and measures forkexec. `make help` lists the targets. Everything
# that is made goes to build/. CFLAGS, CC, PREFIX and DESTDIR are the user's.

CC ?= cc
GO ?= go
AR ?= ar
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
DESTDIR ?=
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

CORE := attr child clone forkexec goabi hold paths plan trace
LIB := $(CORE) lib step
# -fPIC serves both libraries; the core must work without any libc.
PROJECT_CFLAGS := -std=gnu11 -fPIC -fvisibility=hidden -Iinclude -MMD -MP \
	-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla

## all: the C library, static and shared, with its pkg-config file
.PHONY: all
all: $(B)/libforkexec.a $(B)/libforkexec.so $(B)/forkexec.pc

$(B)/obj/%.o: c/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(PROJECT_CFLAGS) $(CFLAGS) -c $< -o $@

# lib.c and step.c are public as a whole; the core marks what is public itself.
$(B)/obj/lib.o $(B)/obj/step.o: PROJECT_CFLAGS += -fvisibility=default

$(B)/libforkexec.a: $(LIB:%=$(B)/obj/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/libforkexec.so: $(LIB:%=$(B)/obj/%.o) c/forkexec.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-soname,$(SONAME) -Wl,--version-script,c/forkexec.map -Wl,-z,defs \
		$(CFLAGS) $(LDFLAGS) $(LIB:%=$(B)/obj/%.o) -o $@

# Always made anew: it depends on PREFIX.
.PHONY: $(B)/forkexec.pc
$(B)/forkexec.pc: c/forkexec.pc.in
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' $< >$@

## install: headers, libraries, pkg-config file and man pages below DESTDIR/PREFIX
.PHONY: install
install: all
	install -d $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/lib/pkgconfig \
		$(DESTDIR)$(PREFIX)/share/man/man3 $(DESTDIR)$(PREFIX)/share/man/man7
	install -m 644 include/forkexec.h include/forkexec_attr.h include/forkexec_go.h $(DESTDIR)$(PREFIX)/include
	install -m 644 $(B)/libforkexec.a $(DESTDIR)$(PREFIX)/lib
	install -m 755 $(B)/libforkexec.so $(DESTDIR)$(PREFIX)/lib/libforkexec.so.$(VERSION)
	ln -sf libforkexec.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/$(SONAME)
	ln -sf libforkexec.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libforkexec.so
	install -m 644 $(B)/forkexec.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 644 c/man/forkexec_spawn.3 $(DESTDIR)$(PREFIX)/share/man/man3
	install -m 644 c/man/forkexec.7 $(DESTDIR)$(PREFIX)/share/man/man7

## uninstall: removes what install has put there
.PHONY: uninstall
uninstall:
	cd $(DESTDIR)$(PREFIX) && rm -f include/forkexec.h include/forkexec_attr.h include/forkexec_go.h lib/libforkexec.* \
		lib/pkgconfig/forkexec.pc share/man/man3/forkexec_spawn.3 share/man/man7/forkexec.7

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

## bench-readme: the README's table, from the last run of bench
.PHONY: bench-readme
bench-readme:
	$(Q)$(BENCH) -from $(B)/bench.json -format readme

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

.PHONY: bench-tools kernels-tools test-tools
bench-tools kernels-tools test-tools:
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

-include $(wildcard $(B)/obj/*.d)
