//! Answers requests: which path gives what. It knows nothing of sockets, and opens no file.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use dlpc_predict::whatif::{Answer, Refusal, State, WhatIf};
use dlpc_report::html::{self, live};
use hyper::StatusCode;

use super::page;

/// Answers that are kept for being asked again.
const KEPT_MAX: usize = 64;

/// The what-if, and what it has answered lately.
#[derive(Debug)]
pub(super) struct Desk {
    whatif: WhatIf,
    knobs: Vec<live::Knob>,
    saved_name: String,
    kept: Mutex<Vec<(Page, String, Reply)>>,
}

/// What goes back to the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    /// Name of the file that a browser saves it as, if it is to be saved.
    pub(super) saved_as: Option<String>,
    pub(super) body: String,
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// The page itself.
    Whole,
    /// New numbers for it.
    Answer,
    /// The scenario file of a state.
    Scenario,
}

impl Page {
    /// Returns what a path asks for: paths are names, not files.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path {
            "/" => Some(Self::Whole),
            "/answer" => Some(Self::Answer),
            "/scenario.toml" => Some(Self::Scenario),
            _ => None,
        }
    }
}

impl Reply {
    pub(super) fn text(status: StatusCode, text: &str) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", saved_as: None, body: format!("{text}\n") }
    }

    fn json(status: StatusCode, body: String) -> Self {
        Self { status, content_type: "application/json", saved_as: None, body }
    }

    fn html(status: StatusCode, body: String) -> Self {
        Self { status, content_type: "text/html; charset=utf-8", saved_as: None, body }
    }
}

impl Desk {
    pub(super) fn new(whatif: WhatIf, scenario: &Path) -> Self {
        let stem = scenario.file_stem().unwrap_or_default().to_string_lossy();
        let is_plain = |symbol: &char| symbol.is_ascii_alphanumeric() || ['-', '_', '.'].contains(symbol);
        let stem: String = stem.chars().filter(is_plain).collect();
        let knobs = page::knobs(whatif.knobs());
        Self { whatif, knobs, saved_name: format!("{stem}-what-if.toml"), kept: Mutex::new(Vec::new()) }
    }

    /// Returns what has been answered to the same request lately.
    pub(super) fn recall(&self, page: Page, query: &str) -> Option<Reply> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|(of_page, known, _)| (*of_page, known.as_str()) == (page, query))
            .map(|(.., reply)| reply.clone())
    }

    /// Answers a request; takes up to some seconds, or until the flag says that nobody waits for it.
    pub(super) fn reply(&self, page: Page, query: &str, is_abandoned: &AtomicBool) -> Reply {
        if let Some(reply) = self.recall(page, query) {
            return reply;
        }
        let reply = match page {
            Page::Whole => self.whole(query, is_abandoned),
            Page::Answer => self.answer(query, is_abandoned),
            Page::Scenario => self.scenario(query),
        };
        if reply.status == StatusCode::OK {
            self.keep(page, query, &reply);
        }
        reply
    }

    fn whole(&self, query: &str, is_abandoned: &AtomicBool) -> Reply {
        match self.predict(query, is_abandoned) {
            Ok((state, answer)) => Reply::html(StatusCode::OK, self.page(&state, &answer, None)),
            Err(refusal) => match self.predict("", is_abandoned) {
                Ok((state, answer)) => {
                    let problem = refusal.to_string();
                    Reply::html(status(&refusal), self.page(&state, &answer, Some(&problem)))
                }
                Err(refusal) => Reply::text(status(&refusal), &refusal.to_string()),
            },
        }
    }

    fn page(&self, state: &State, answer: &Answer, problem: Option<&str>) -> String {
        let base = self.whatif.base();
        let page = live::Page {
            title: &base.scenario.title,
            machine: html::machine_title(&base.effective_machine),
            saved_name: &self.saved_name,
            knobs: &self.knobs,
            problem,
        };
        live::page(&page, &page::state(&self.whatif, answer, &state.query()))
    }

    fn answer(&self, query: &str, is_abandoned: &AtomicBool) -> Reply {
        match self.predict(query, is_abandoned) {
            Ok((state, answer)) => {
                let body = live::answer(&page::state(&self.whatif, &answer, &state.query()));
                Reply::json(StatusCode::OK, body)
            }
            Err(refusal) => Reply::json(status(&refusal), live::refusal(&refusal.to_string())),
        }
    }

    fn scenario(&self, query: &str) -> Reply {
        let text = self.whatif.state(query).and_then(|state| self.whatif.scenario(&state));
        match text {
            Ok((body, _)) => Reply {
                status: StatusCode::OK,
                content_type: "application/toml",
                saved_as: Some(self.saved_name.clone()),
                body,
            },
            Err(refusal) => Reply::text(status(&refusal), &refusal.to_string()),
        }
    }

    fn predict(&self, query: &str, is_abandoned: &AtomicBool) -> Result<(State, Answer), Refusal> {
        let state = self.whatif.state(query)?;
        let answer = self.whatif.predict(&state, is_abandoned)?;
        Ok((state, answer))
    }

    fn keep(&self, page: Page, query: &str, reply: &Reply) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT_MAX {
            kept.remove(0);
        }
        kept.push((page, query.to_owned(), reply.clone()));
    }
}

fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Unknown { .. } | Refusal::OutOfRange { .. } => StatusCode::BAD_REQUEST,
        // Nobody sees it.
        Refusal::Abandoned => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Invalid(_) | Refusal::TooMuch { .. } | Refusal::Simulation(_) | Refusal::File(_) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    }
}
