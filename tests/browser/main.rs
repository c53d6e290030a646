//! The pages in a real browser: Chromium, headless, without a network.

mod chromium;
mod live;
mod report;
mod served;
