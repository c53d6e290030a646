//! Files to checked types: TOML and CSV text in, scenarios, machine models and measurements out.
