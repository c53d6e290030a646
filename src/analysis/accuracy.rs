//! How good a prediction is: errors, outliers and noise floor against measured runs.

/// Prediction against measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Summary over all points that are compared, outliers left out.
    pub accuracy: Accuracy,
    /// One entry per measured rank count that was predicted, ascending.
    pub points: Vec<ComparedPoint>,
}

/// Summary of the errors, as ratios (0.05 is 5 %).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    /// Mean absolute relative error.
    pub mape: f64,
    /// Median absolute relative error.
    pub median: f64,
    /// 90 % quantile of the absolute relative error.
    pub p90: f64,
    /// Largest absolute relative error.
    pub max: f64,
    /// Mean signed relative error.
    pub bias: f64,
    /// Share of points inside the band, reading error allowed for.
    pub band_coverage: f64,
    /// Mean absolute relative error that a perfect model would show.
    pub noise_floor: f64,
    /// Points in the summary.
    pub n_points: u32,
    /// Points left out as outliers.
    pub n_outliers: u32,
}

/// Prediction against measurement at one rank count.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "three independent claims of comparison.json")]
pub struct ComparedPoint {
    /// Rank count.
    pub ranks: u32,
    /// Median of the measured runs.
    pub measured_s: f64,
    /// Half-width of the interval of the measured value.
    pub reading_error_s: f64,
    /// Median of the predicted makespan.
    pub predicted_s: f64,
    /// Signed: (prediction - measurement) / measurement.
    pub relative_error: f64,
    /// Whether the measured interval touches the 5-95 % band.
    pub inside_band: bool,
    /// Whether the point is left out of the summary.
    pub is_outlier: bool,
    /// Whether the machine model was fitted to this point.
    pub used_for_fit: bool,
}
