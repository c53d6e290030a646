# `make test` installs what is missing, then runs everything.

.PHONY: test testbed lint setup bench peers fits

test: setup
	./.ci/test

lint: setup
	cargo fmt --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --workspace --all-targets --locked --features mpi -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

setup:
	./.ci/setup

bench:
	cargo bench --locked

# 300 fits to run times that scatter; the tests take a part of them.
fits:
	DLPC_SIM_FITS=300 cargo test --locked --test calibration no_fit_is_worse

# This simulator beside SimGrid, which is installed from Debian if it is missing.
peers:
	./benches/peers/setup
	cargo bench --locked --bench peers

# The whole loop on an emulated cluster, with optimised kernels, as users have them. Needs root and an idle machine.
testbed: setup
	./.ci/testbed
