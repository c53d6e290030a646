# `make test` installs what is missing, then runs everything.

.PHONY: test lint setup bench

test: setup
	./.ci/test

lint: setup
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	cargo clippy --all-targets --locked --features mpi -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked

setup:
	./.ci/setup

bench:
	cargo bench --locked
