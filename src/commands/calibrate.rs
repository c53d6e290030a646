//! `calibrate`: experiments on real hardware, and a machine model fitted to them.

mod collect;
mod runs;

use std::path::{Path, PathBuf};

use dlpc_sim::fit::{self, Fit, FitOptions};
use dlpc_sim::fit::{FileProvenance, to_toml};
use dlpc_sim::input;
use dlpc_sim::machine::MachineModel;
use dlpc_sim::measurement::campaign::{Campaign, CampaignError};
use sha2::{Digest, Sha256};

use crate::cli::calibrate::CalibrateArgs;
use crate::failure::Failure;
use crate::files;

pub(crate) fn run(args: &CalibrateArgs) -> Result<(), Failure> {
    if !args.from_runs.is_empty() {
        return runs::run(args);
    }
    let (campaign, samples) = match &args.from_samples {
        Some(path) => (read_campaign(path)?, path.clone()),
        None => collect::collect(args, &samples_path(args))?,
    };
    files::print(&format!("{} samples are in {}", campaign.samples.len(), samples.display()))?;
    let prior = match &args.prior {
        Some(path) => Some(input::load_machine(path, &files::read)?.model),
        None => None,
    };
    let fit = fit(args, &campaign, prior.as_ref())?;
    let mpi = campaign.samples.first().map(|sample| sample.mpi.clone());
    let provenance = FileProvenance {
        created: args.created.clone(),
        mpi,
        samples: Some(samples.display().to_string()),
        samples_sha256: Some(fingerprint(&samples)?),
        prior: prior.map(|prior| prior.name),
        ..FileProvenance::default()
    };
    files::write(&args.out, to_toml(&fit, &provenance).as_bytes())?;
    for warning in &fit.warnings {
        files::warn(warning);
    }
    files::print(&format!("The machine model is in {}", args.out.display()))
}

fn fit(args: &CalibrateArgs, campaign: &Campaign, prior: Option<&MachineModel>) -> Result<Fit, Failure> {
    let name = args.out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let hosts = campaign.head.cluster();
    let options = FitOptions {
        title: format!("{name}: {} hosts", hosts.len()),
        name,
        prior,
        hosts,
        seed: args.seed,
        bootstrap: BOOTSTRAP,
    };
    fit::fit(&campaign.samples, &options).map_err(|error| Failure::Measurement {
        message: format!("the samples do not make a machine model: {error}"),
        help: "measure with more launches, or keep what is missing from another model: --prior FILE".to_owned(),
    })
}

/// Resamples of the launches from which the intervals come.
const BOOTSTRAP: u32 = 1000;

fn fingerprint(path: &Path) -> Result<String, Failure> {
    let bytes = files::read(path).map_err(|error| Failure::output(path, error))?;
    Ok(Sha256::digest(&bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
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
