//! `explore`: a page on which a scenario can be changed, served to browsers on this host.

mod connections;
mod desk;
mod guard;
mod impatient;
mod page;
mod server;
mod turn;

use std::net::SocketAddr;

use dlpc_sim::whatif::{WhatIf, WhatIfError};

use self::desk::Desk;
use self::guard::Guard;
use crate::cli::explore::ExploreArgs;
use crate::failure::{self, Failure};
use crate::files;

pub(crate) fn run(args: &ExploreArgs) -> Result<(), Failure> {
    // Saved scenarios name the machine model by this path.
    let path = std::path::absolute(&args.scenario).unwrap_or_else(|_| args.scenario.clone());
    let whatif = WhatIf::new(&path, &files::read).map_err(|error| match error {
        WhatIfError::Input(diagnostics) => Failure::Input(diagnostics),
        WhatIfError::Simulation(error) => Failure::Simulation(error),
    })?;
    if !whatif.base().warnings.is_empty() {
        anstream::eprintln!("{}", failure::render(&whatif.base().warnings).trim_end());
    }
    let guard = Guard::new(args.bind, args.host_names.clone());
    let desk = Desk::new(whatif, &args.scenario);
    server::serve(SocketAddr::new(args.bind, args.port), guard, desk, &|address| {
        if !address.ip().is_loopback() {
            files::warn("everybody who reaches this address can use the page");
        }
        files::print(&format!("The page is at http://{address}/ until you press Ctrl-C."))
    })
}
