//! The scenario as it stands in the file: keys, units, defaults and ranges. Doc comments become the schema and docs.

use std::borrow::Cow;

use dlpc_engine::platform::NetworkKind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use crate::input::toml::spanned::Spanned;
use crate::scenario::Order;
use crate::workload::RawWorkload;
use crate::written::word::Word;

/// Largest rank count.
pub(in crate::input) const RANKS_MAX: u32 = 10_000_000;

/// What to run, on which cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawScenario {
    /// Version of the file format.
    #[schemars(required, range(min = 1, max = 1), extend("examples" = [1]))]
    #[expect(dead_code, reason = "checked before the rest of the file is read")]
    pub(in crate::input) format: Option<Spanned<u32>>,
    /// Title of tables and plots; one line, without control characters.
    #[schemars(required, extend("examples" = ["Throwing darts, returning only the count"], "pattern" = crate::input::toml::leaf::ONE_LINE))]
    pub(in crate::input) title: Option<Spanned<String>>,
    /// File of the machine model, seen from the folder of this file.
    #[schemars(required, extend("examples" = ["../models/dlpc-2020.toml"]))]
    #[expect(dead_code, reason = "read before the rest of the file, to report the problems of both files")]
    pub(in crate::input) machine: Option<Spanned<String>>,
    /// File of the measured curve (CSV) that is drawn over the prediction, seen from the folder of this file.
    #[expect(dead_code, reason = "read before the rest of the file, to report the problems of both files")]
    pub(in crate::input) measured: Option<Spanned<String>>,
    /// At which rank counts, where and how often.
    #[schemars(required)]
    pub(in crate::input) run: Option<Spanned<RawRun>>,
    /// The program; exactly one of the tables below.
    #[schemars(required)]
    pub(in crate::input) workload: Option<Spanned<RawWorkload>>,
    /// Keys of the machine model that differ in this scenario; merged over the machine file before it is checked.
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    #[serde(default)]
    #[expect(dead_code, reason = "merged into the machine model before it is read")]
    pub(in crate::input) machine_override: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::input) struct RawRun {
    /// Rank counts: a range such as `"1..=32"`, a number, or a list of both.
    #[schemars(required, length(min = 1), extend("x-one-or-list" = true, "examples" = ["1..=32"]))]
    pub(in crate::input) ranks: Option<Spanned<Vec<Spanned<RawRanks>>>>,
    /// Which rank runs on which host; exactly one of the keys below, or a word as short form of `order`.
    #[schemars(extend("default" = "by-slot"))]
    pub(in crate::input) placement: Option<Spanned<RawPlacement>>,
    /// Whether there may be more ranks than slots; without it that is an error.
    #[schemars(extend("default" = false))]
    pub(in crate::input) oversubscribe: Option<Spanned<bool>>,
    /// Replications per rank count, each with other noise; without noise in the machine model one is enough.
    #[schemars(range(min = 1, max = 1_000_000), extend("default" = 200))]
    pub(in crate::input) replications: Option<Spanned<u32>>,
    /// Seed of all random numbers; the same seed gives the same result.
    #[schemars(extend("default" = 1))]
    pub(in crate::input) seed: Option<Spanned<u64>>,
    /// Network model.
    #[schemars(extend("default" = "flow"))]
    pub(in crate::input) network: Option<Spanned<Word<NetworkKind>>>,
}

/// A rank count, or text with ranges and rank counts.
#[derive(Debug)]
pub(in crate::input) enum RawRanks {
    Count(u64),
    Text(String),
}

impl<'de> Deserialize<'de> for RawRanks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RanksVisitor)
    }
}

struct RanksVisitor;

impl Visitor<'_> for RanksVisitor {
    type Value = RawRanks;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a rank count or a range of rank counts")
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<RawRanks, E> {
        Ok(RawRanks::Count(count))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawRanks, E> {
        Ok(RawRanks::Text(text.to_owned()))
    }
}

impl JsonSchema for RawRanks {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Ranks".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "minimum": 1, "maximum": RANKS_MAX })
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-short-for" = "order", "minProperties" = 1, "maxProperties" = 1))]
pub(in crate::input) struct RawPlacement {
    /// Rule by which ranks fill the hosts.
    pub(in crate::input) order: Option<Spanned<Word<Order>>>,
    /// File with a line `pi0 slots=4`, `pi0:4` or `pi0` for each host, as Open MPI and MPICH read it, seen from the folder of this file; filled by slot.
    pub(in crate::input) hostfile: Option<Spanned<String>>,
    /// File with a line `rank 0=pi0 slot=0` for each rank (Open MPI), seen from the folder of this file; a rank runs on the cores of its slot only.
    pub(in crate::input) rankfile: Option<Spanned<String>>,
    /// Host of each rank.
    #[schemars(length(min = 1))]
    pub(in crate::input) hosts: Option<Spanned<Vec<Spanned<String>>>>,
}
