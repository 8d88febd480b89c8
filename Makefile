# SPDX-License-Identifier: GPL-3.0-or-later
# Each target is one script; `make demo` and `make test` do their own set-up. docs/testing.md says what each takes.

.PHONY: check demo test test-all test-faults test-matrix fuzz build generate bench dist release lint measure clean

check:
	tests/check

demo:
	tests/demo

test:
	tests/run

# All of it, or with PART=1/5 the first of five parts, each under an hour.
test-all:
	tests/run --all $(if $(PART),--part $(PART))

test-faults:
	tests/run --all faults

test-matrix:
	tests/matrix/run

fuzz:
	tests/run fuzz

build:
	scripts/build

generate:
	go run ./modules --generate

bench:
	tests/bench/run

# The tarball in build/dist. Without git: make dist VERSION=1.0.0
dist:
	scripts/dist

# The same, from a tag alone, and built twice: docs/releases.md
release:
	scripts/release

lint:
	tests/run lint

measure:
	go run ./tests/measure

clean:
	rm -rf build plugins/plugin_utils/_bin
