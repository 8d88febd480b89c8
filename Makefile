# SPDX-License-Identifier: GPL-3.0-or-later
# Each target is one script; `make demo` and `make test` do their own set-up.

.PHONY: demo test test-all test-faults test-matrix fuzz build generate bench dist lint clean

demo:
	tests/demo

test:
	tests/run

test-all:
	tests/run --all

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

dist:
	scripts/dist

lint:
	tests/run lint

clean:
	rm -rf build plugins/plugin_utils/_bin
