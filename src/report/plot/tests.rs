//! Tests of whole plots.
