//! The end of a sweep: its results, in the order of the plan.

use dlpc_predict::sweep::rows::Row;
use dlpc_predict::sweep::tasks::Needs;
use dlpc_report::{plot, sweep as report};

use super::job::Job;
use super::orders;
use super::store::Store;
use crate::cli::Format;
use crate::failure::Failure;
use crate::files;

/// Writes the results of all points that were computed, and prints them.
pub(super) fn write(job: &Job<'_>, needs: &[Needs], store: &Store) -> Result<(), Failure> {
    let found = |key: &str| store.records.by_key.get(key);
    let row = |(point, needs): (usize, &Needs)| {
        Some(Row::new(point, job.plan.point(point), found(&needs.key)?, found(&needs.baseline_key)?))
    };
    let rows: Vec<Row<'_>> = needs.iter().enumerate().filter_map(row).collect();
    let folder = job.folder();
    let lines = report::json_lines(&job.plan, &rows);
    files::write(&folder.join("sweep.csv"), report::csv(&job.plan, &rows).as_bytes())?;
    files::write(&folder.join("sweep.jsonl"), lines.as_bytes())?;
    let svg = plot::sweep::svg(&job.title, &job.plan, &rows);
    if let Some(svg) = &svg {
        files::write(&folder.join("sweep.svg"), svg.as_bytes())?;
    }
    if let Some(png) = svg.and(job.args.png.then(|| plot::sweep::png(&job.title, &job.plan, &rows)).flatten()) {
        files::write(&folder.join("sweep.png"), &png)?;
    }
    orders::forget(job);
    match job.args.format {
        Format::Json => files::print(&lines),
        Format::Table => files::say(&format!(
            "{}\n\n{}\n\nResults are in {}",
            job.title,
            report::summary(&job.plan, &rows).trim_end(),
            folder.display()
        )),
    }
}
