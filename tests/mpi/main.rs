//! The kernels under a real launcher: `DLPC_TEST_LAUNCHER`, or else `mpirun`, of the MPI library of this build.

mod calibration;
mod collectives;
mod log_stream;
mod pi;
mod support;
mod sweep;
