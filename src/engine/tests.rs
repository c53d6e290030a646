//! Engine tests with expected times derived by hand.
