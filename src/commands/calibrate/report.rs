//! Writes the report of a fit and prints it.

use std::path::{Path, PathBuf};

use dlpc_predict::fit::Fit;
use dlpc_predict::fit::evidence::Series;
use dlpc_predict::fit::origin;
use dlpc_predict::input;
use dlpc_report::fit::{FitDocument, Method};
use dlpc_report::plot::fit::figures;
use dlpc_report::{html, json, table};

use crate::cli::Format;
use crate::cli::calibrate::CalibrateArgs;
use crate::failure::Failure;
use crate::files;

/// What a fit was made of.
pub(super) struct Made<'a> {
    pub(super) fit: &'a Fit,
    pub(super) series: &'a [Series],
    pub(super) method: Method,
    /// The file of samples, or the measured runs.
    pub(super) source: &'a str,
    /// The command that fits again.
    pub(super) command: &'a str,
}

/// Writes the report and the machine model, and prints what a person should see.
pub(super) fn write(args: &CalibrateArgs, made: &Made<'_>, model: &str) -> Result<(), Failure> {
    let Made { fit, series, method, source, command } = *made;
    let parameters = origin::parameters(fit);
    let document = FitDocument { fit, parameters: &parameters, series, method, source, command };
    check(&args.out, model)?;
    let folder = folder(args);
    let text = json::fit::fit(&document);
    files::write(&folder.join("fit.json"), text.as_bytes())?;
    let figures = figures(&fit.title, &fit.machine, series);
    for figure in &figures {
        files::write(&folder.join(format!("{}.svg", figure.file_stem)), figure.svg().as_bytes())?;
        if args.png {
            files::write(&folder.join(format!("{}.png", figure.file_stem)), &figure.png())?;
        }
    }
    files::write_page(&folder, "fit", &html::fit::fit(&document, &figures))?;
    files::write(&args.out, model.as_bytes())?;
    for warning in &fit.warnings {
        files::warn(warning);
    }
    match args.format {
        Format::Json => files::print(&text),
        Format::Table => files::say(&format!(
            "{}\n\n{}\n\nThe machine model is in {}, the report in {}; fitted to {source}",
            fit.title,
            table::fit::page(&document),
            args.out.display(),
            folder.join("fit.html").display()
        )),
    }
}

/// Reads the model as other commands will: nothing is written that they would refuse.
fn check(path: &Path, model: &str) -> Result<(), Failure> {
    let read = |_: &Path| Ok(model.as_bytes().to_vec());
    input::load_machine(path, &read).map(|_| ()).map_err(|problems| Failure::Measurement {
        message: format!(
            "what was measured does not make a machine model that can be used:\n{}",
            problems.render(false)
        ),
        help: "measure again, with more launches; nothing was written".to_owned(),
    })
}

/// Returns the folder of the report: that of the other results of the model.
pub(super) fn folder(args: &CalibrateArgs) -> PathBuf {
    let stem = args.out.file_stem().unwrap_or_default();
    args.report.clone().unwrap_or_else(|| Path::new("output").join(stem))
}
