//! `calibrate`: experiments on real hardware, and a machine model fitted to them.

mod collect;

use std::path::{Path, PathBuf};

use dlpc_sim::measurement::campaign::{Campaign, CampaignError};

use crate::cli::calibrate::CalibrateArgs;
use crate::failure::Failure;
use crate::files;

pub(crate) fn run(args: &CalibrateArgs) -> Result<(), Failure> {
    let (campaign, samples) = match &args.from_samples {
        Some(path) => (read_campaign(path)?, path.clone()),
        None => collect::collect(args, &samples_path(args))?,
    };
    files::print(&format!("{} samples are in {}", campaign.samples.len(), samples.display()))
}

/// Returns the samples file: beside the other results of the model.
fn samples_path(args: &CalibrateArgs) -> PathBuf {
    let stem = args.out.file_stem().unwrap_or_default();
    args.samples.clone().unwrap_or_else(|| Path::new("output").join(stem).join("samples.jsonl"))
}

fn read_campaign(path: &Path) -> Result<Campaign, Failure> {
    let bytes = files::read(path).map_err(|error| Failure::Measurement {
        message: format!("cannot read {}: {error}", path.display()),
        help: "name the samples.jsonl of an earlier calibration".to_owned(),
    })?;
    Campaign::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| broken(path, &error))
}

fn broken(path: &Path, error: &CampaignError) -> Failure {
    Failure::Measurement {
        message: format!("{}: {error}", path.display()),
        help: "take the file away, or name another one after --samples".to_owned(),
    }
}
