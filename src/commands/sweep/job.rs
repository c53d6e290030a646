//! A sweep on its way: its plan, what each point needs, and how one result is computed.

use std::path::{Path, PathBuf};

use dlpc_predict::diagnostic::{Diagnostics, Problem};
use dlpc_predict::input::{self, Experiment};
use dlpc_predict::prediction;
use dlpc_predict::sweep::plan::{Design, Plan};
use dlpc_predict::sweep::point_key::point_key;
use dlpc_predict::sweep::record::Record;
use dlpc_predict::sweep::tasks::{Needs, Task};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::inputs::Inputs;
use crate::cli::sweep::SweepArgs;
use crate::commands::effort;
use crate::failure::Failure;

/// The plan, and how to compute its points.
pub(super) struct Job<'a> {
    pub(super) args: &'a SweepArgs,
    pub(super) plan: Plan,
    pub(super) title: String,
}

/// A point that could not be computed, and why.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) task: Task,
    pub(super) reason: String,
}

/// What all points need, and how much work they are.
pub(super) struct Checked {
    pub(super) needs: Vec<Needs>,
    /// About how many steps each point simulates.
    n_steps: Vec<f64>,
}

impl Checked {
    /// Says how long the tasks that are open take, if that is long.
    pub(super) fn announce(&self, open: &[Task]) {
        let n_steps = open.iter().map(|task| self.n_steps[task.point as usize]).sum();
        effort::announce(n_steps, "fewer points or replications take less; an ended sweep goes on where it was");
    }
}

impl<'a> Job<'a> {
    /// Reads the scenario and what varies.
    pub(super) fn prepare(args: &'a SweepArgs, inputs: &Inputs) -> Result<Self, Failure> {
        let design = match args.samples {
            Some(n) => Design::LatinHypercube { n: n.get(), seed: args.seed },
            None => Design::Grid,
        };
        let read = |path: &Path| inputs.read(path);
        let title = input::load_experiment(&args.scenario, &read)?.scenario.title;
        let axes = input::load_axes(&args.scenario, &args.sets, design, &read)?;
        Ok(Self { args, plan: Plan::new(axes, design), title })
    }

    /// Returns the folder of the results.
    pub(super) fn folder(&self) -> PathBuf {
        let stem = self.args.scenario.file_stem().unwrap_or_default();
        self.args.out.clone().unwrap_or_else(|| Path::new("output").join(stem))
    }

    /// Returns the file of what is computed already, of this sweep or of others of the scenario.
    pub(super) fn store_path(&self) -> PathBuf {
        self.folder().join("sweep-points.jsonl")
    }

    /// Returns the threads that the user allows.
    pub(super) fn threads(&self, default: usize) -> Result<ThreadPool, Failure> {
        let n_threads = self.args.threads.map_or(default, |threads| threads.get() as usize);
        ThreadPoolBuilder::new().num_threads(n_threads).build().map_err(|error| Failure::Usage {
            message: format!("cannot start the threads: {error}"),
            help: "write a smaller number after --threads".to_owned(),
        })
    }

    /// Checks every point, before the first one is computed, and returns what each needs.
    pub(super) fn needs(&self, inputs: &Inputs) -> Result<Checked, Failure> {
        let point = |point| self.load(point, inputs).map(|experiment| needs(&experiment));
        let loaded: Vec<Result<(Needs, f64), Diagnostics>> =
            (0..self.plan.n_points()).into_par_iter().map(point).collect();
        let n_invalid = loaded.iter().filter(|point| point.is_err()).count();
        let needs: Result<(Vec<Needs>, Vec<f64>), Diagnostics> = loaded.into_iter().collect();
        needs.map(|(needs, n_steps)| Checked { needs, n_steps }).map_err(|mut diagnostics| {
            if n_invalid > 1 {
                let file = diagnostics.add_source(Path::new("--set"), String::new());
                let n_points = self.plan.n_points();
                let message =
                    format!("{n_invalid} of {n_points} points are not valid; above are the problems of the first");
                diagnostics.push(Problem::error("sweep::invalid_points", file.whole(), message));
            }
            Failure::Input(diagnostics)
        })
    }

    /// Computes one result.
    pub(super) fn compute(&self, task: Task, inputs: &Inputs) -> Result<Record, Failed> {
        let failed = |reason: String| Failed { task, reason };
        let experiment = self.load(task.point as usize, inputs).map_err(|problems| failed(problems.to_string()))?;
        let Experiment { scenario, machine, .. } = &experiment;
        let prediction = prediction::predict_at(scenario, machine, task.ranks).map_err(|e| failed(e.to_string()))?;
        Ok(Record::new(key(&experiment, task.ranks), &prediction))
    }

    /// Returns the values of a point as people read them.
    pub(super) fn describe(&self, point: usize) -> String {
        let values = self.plan.axes().iter().zip(self.plan.point(point));
        values.map(|(axis, level)| format!("{} = {}", axis.key, level.text)).collect::<Vec<_>>().join(", ")
    }

    fn load(&self, point: usize, inputs: &Inputs) -> Result<Experiment, Diagnostics> {
        let keys = self.plan.axes().iter().map(|axis| axis.key.as_str());
        let changes: Vec<input::Change<'_>> = keys.zip(self.plan.point(point)).collect();
        let name = format!("--set (point {point})");
        input::load_varied(&self.args.scenario, &changes, &name, &|path| inputs.read(path))
    }
}

fn needs(experiment: &Experiment) -> (Needs, f64) {
    let ranks = experiment.scenario.run.ranks[0].get();
    let needs = Needs { ranks, key: key(experiment, ranks), baseline_key: key(experiment, 1) };
    (needs, effort::steps_of(&experiment.scenario, &experiment.machine))
}

fn key(experiment: &Experiment, ranks: u32) -> String {
    let Experiment { effective_scenario, effective_machine, scenario, .. } = experiment;
    point_key(effective_scenario, effective_machine, scenario, ranks)
}
