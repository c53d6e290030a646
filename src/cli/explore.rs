//! The command line of `explore`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

use super::number;

/// Arguments of explore.
#[derive(Debug, Args)]
pub(crate) struct ExploreArgs {
    /// Scenario file
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: PathBuf,
    /// Port of the page [default: any free one]
    #[arg(long, value_name = "PORT", default_value = "0", hide_default_value = true, value_parser = |text: &str| number::within(text, 0, u16::MAX), allow_negative_numbers = true)]
    pub(crate) port: u16,
    /// Address to listen on; other than a loopback address, everybody who reaches it can use the page
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) bind: IpAddr,
    /// Another name under which browsers may call this host, for instance behind a proxy
    #[arg(long = "host-name", value_name = "NAME")]
    pub(crate) host_names: Vec<String>,
}
