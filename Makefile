# `make test` installs what is missing, then runs everything.

.PHONY: test testbed lint setup bench peers fits fuzz docs collectives mpi-suites

test: setup
	./.ci/test

lint: setup
	cargo fmt --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --workspace --all-targets --locked --features mpi -- -D warnings
	cargo clippy --locked --no-default-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --exclude dlpc-sim --no-deps --locked # help texts of the binary are no rustdoc

setup:
	./.ci/setup

bench:
	cargo bench --locked

# 300 fits to run times that scatter, and the intervals of 200 clusters; the tests take a part of both.
fits:
	DLPC_SIM_FITS=300 cargo test --locked --test calibration no_fit_is_worse
	DLPC_SIM_CLUSTERS=200 cargo test --locked --test calibration intervals_hold_the_truth_of_random_clusters

# Damaged inputs and relations between predictions, many times more than `cargo test` tries: about 100,000 cases.
# Failures leave their input in target/fuzz-failures. `make fuzz FIRST=20000` tries others.
FIRST = 0
fuzz:
	DLPC_FUZZ_CASES=10000 DLPC_FUZZ_FIRST=$(FIRST) cargo test --locked --test fuzz

# Writes what the commands of README.md and docs print today into their console blocks and sentences. Read the diff.
docs:
	-DLPC_UPDATE_DOCS=1 cargo test --locked --test e2e every_command_that_is_shown
	-DLPC_UPDATE_FIGURES=1 cargo test --locked --test e2e every_number_in_a_sentence
	cargo test --locked --test e2e -- readme figures

# This simulator beside SimGrid, which is installed from Debian if it is missing.
peers:
	./benches/peers/setup
	cargo bench --locked --bench peers

# What simulated collectives send, and whom late ranks hold up, beside Open MPI 4.1 and MPICH 4: all cells, of which the tests take a part.
collectives: setup
	cargo clean --quiet --package mpi-sys # it does not notice another compiler wrapper
	DLPC_SIM_COLLECTIVES=1 MPICC=mpicc.openmpi DLPC_TEST_LAUNCHER=mpirun.openmpi \
		cargo test --locked --features mpi --test mpi open_mpi -- --nocapture
	cargo clean --quiet --package mpi-sys
	DLPC_SIM_COLLECTIVES=1 MPICC=mpicc.mpich DLPC_TEST_LAUNCHER=mpiexec.mpich \
		cargo test --locked --features mpi --test mpi mpich_ -- --nocapture

# All test programs of MPICH on virtual ranks, which .ci/mpi-suites brings and compiles; the tests take a sample of them.
# `make mpi-suites SUITES=coll/` runs those whose names have that word.
SUITES = 1
mpi-suites: setup
	./.ci/mpi-suites
	DLPC_SIM_MPI_SUITES=$(SUITES) cargo test --locked --test run programs_of_mpich -- --nocapture

# The whole loop on an emulated cluster, with optimised kernels, as users have them. Needs root and an idle machine.
testbed: setup
	./.ci/testbed
