//! `calibrate`: experiments on real hardware, and a machine model fitted to them.

mod collect;
mod report;
mod runs;

use std::path::{Path, PathBuf};

use dlpc_engine::machine::MachineModel;
use dlpc_predict::calibration::campaign::Campaign;
use dlpc_predict::fit::{self, FileProvenance, Fit, FitOptions, evidence, to_toml};
use dlpc_predict::input;
use dlpc_report::fit::Method;
use sha2::{Digest, Sha256};

use crate::cli::calibrate::CalibrateArgs;
use crate::failure::Failure;
use crate::files;

pub(crate) use self::runs::failure as runs_failure;

pub(crate) fn run(args: &CalibrateArgs) -> Result<(), Failure> {
    if !args.from_runs.is_empty() {
        return runs::run(args);
    }
    let (campaign, samples) = match &args.from_samples {
        Some(path) => (read_campaign(path)?, path.clone()),
        None => collect::collect(args, &samples_path(args))?,
    };
    let campaign = campaign.with_plain_names();
    let prior = match &args.prior {
        Some(path) => Some(input::load_machine(path, &files::read)?.model),
        None => None,
    };
    let fit = fit(args, &campaign, prior.as_ref(), &samples)?;
    let mpi = campaign.samples.first().map(|sample| sample.mpi.clone());
    let provenance = FileProvenance {
        created: args.created.clone(),
        mpi,
        samples: Some(samples.display().to_string()),
        samples_sha256: Some(fingerprint(&samples)?),
        prior: prior.map(|prior| prior.name),
        ..FileProvenance::default()
    };
    let made = report::Made {
        fit: &fit,
        series: &evidence::of_samples(&fit.machine, &campaign.samples),
        method: Method::Samples,
        source: &samples.display().to_string(),
        command: &command(args, &samples),
    };
    report::write(args, &made, &to_toml(&fit, &provenance))
}

/// Returns the command line that fits these samples again.
fn command(args: &CalibrateArgs, samples: &Path) -> String {
    let mut words = ["dlpc-sim", "calibrate", "--from-samples"].map(str::to_owned).to_vec();
    words.push(samples.display().to_string());
    if let Some(prior) = &args.prior {
        words.extend(["--prior".to_owned(), prior.display().to_string()]);
    }
    if args.seed != 1 {
        words.extend(["--seed".to_owned(), args.seed.to_string()]);
    }
    words.extend(["--out".to_owned(), args.out.display().to_string()]);
    shell_words::join(words)
}

fn fit(
    args: &CalibrateArgs,
    campaign: &Campaign,
    prior: Option<&MachineModel>,
    samples: &Path,
) -> Result<Fit, Failure> {
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
        message: format!("the samples in {} do not make a machine model: {error}", samples.display()),
        help: "measure with more launches, or keep what is missing from another model: --prior FILE".to_owned(),
    })
}

/// Resamples of the launches from which the intervals come.
const BOOTSTRAP: u32 = 1000;

fn fingerprint(path: &Path) -> Result<String, Failure> {
    let bytes = files::read(path).map_err(|error| Failure::output(path, error))?;
    Ok(Sha256::digest(&bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}

/// Returns the samples file: beside the report of the model.
fn samples_path(args: &CalibrateArgs) -> PathBuf {
    args.samples.clone().unwrap_or_else(|| report::folder(args).join("samples.jsonl"))
}

fn read_campaign(path: &Path) -> Result<Campaign, Failure> {
    let campaign = input::load_campaign(path, &files::read)?;
    if let Some(line) = campaign.cut_line {
        files::warn(&format!("{}: line {line} was cut short: its sample does not count", path.display()));
    }
    Ok(campaign)
}
