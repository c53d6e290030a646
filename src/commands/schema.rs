//! `schema`: the JSON Schema of a file.

use dlpc_predict::input;
use dlpc_report as report;

use crate::cli::SchemaFile;
use crate::failure::Failure;
use crate::files;

pub(crate) fn run(file: SchemaFile) -> Result<(), Failure> {
    let schema = match file {
        SchemaFile::Scenario => input::scenario_schema(),
        SchemaFile::Machine => input::machine_schema(),
        SchemaFile::Prediction => report::json::prediction_schema(),
        SchemaFile::Explain => report::json::explanation::explanation_schema(),
        SchemaFile::Fit => report::json::fit::fit_schema(),
        SchemaFile::Replay => report::replay::schema(),
        SchemaFile::Comparison => report::json::comparison_schema(),
    };
    files::print(&format!("{schema:#}"))
}
