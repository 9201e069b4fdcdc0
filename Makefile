# What a person types. Everything here is a short name for a script or a cargo command.
#
#   make run          set this machine up, build, and play the demo
#   make web          build the web app, which the binary holds; needs Node.js
#   make test         set this machine up, then every test in every language
#   make test-rust    the Rust tests alone; needs no Node.js
#   make check        formatting, lints, sizes, licences and sources of dependencies
#   make advisories   known vulnerabilities in dependencies; fetches a database
#   make broken       five builds that are broken on purpose, each of which the tests must catch
#   make release      the binary as it is handed to others, with manual pages and completions, in target/release
#   make deb          a Debian package of that and the unit of the service node
#   make reproducible builds all of it twice in different directories, and compares
#   make bench        benchmarks, each with its floor
#   make fuzz         every fuzz target, FUZZ_SECONDS each (default 60)

DEMO_ARGS ?=
FUZZ_SECONDS ?= 60

.PHONY: help setup run web test test-rust check advisories bench broken release deb reproducible fuzz

help:
	@sed -n '/^#   make/s/^#   //p' Makefile

setup:
	scripts/setup

run:
	scripts/setup --app
	cargo build --package undertone
	cargo run --quiet --package undertone -- demo $(DEMO_ARGS)

web: setup
	cd web && npm run build

test: setup
	scripts/test

test-rust:
	scripts/setup --rust
	scripts/test --rust

check:
	scripts/check

advisories:
	scripts/check --advisories

broken:
	cargo run --quiet --package xtask -- broken

release:
	scripts/setup --app
	scripts/release

deb: release
	@cargo deb --version > /dev/null 2>&1 || { echo 'cargo-deb is missing; run: cargo install --locked cargo-deb@3.8.0' >&2; exit 1; }
	cargo deb --package undertone --no-build

reproducible:
	scripts/reproducible

bench:
	cargo bench --workspace

fuzz:
	scripts/fuzz $(FUZZ_SECONDS)
