//! Statistics of the fits: least squares that outliers do not pull, and intervals from few launches.

pub(super) mod intervals;
pub(super) mod least_squares;
