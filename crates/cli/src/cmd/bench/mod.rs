//! `firebell bench`: how often the analysis is right, and how fast, on labelled data. One file a section.

mod bundles;
mod perturb;
mod shop;
mod table;

use crate::args::{BenchArgs, BenchCommand};
use crate::exit_code::{ExitCode, coded};

pub(super) async fn run(args: BenchArgs) -> anyhow::Result<ExitCode> {
    match args.section {
        Some(BenchCommand::Shop(shop)) => shop::run(&shop).await,
        Some(BenchCommand::Perturb(args)) => perturb::run(&args),
        None if args.dirs.is_empty() => {
            Err(coded(ExitCode::Usage, "name a folder with labelled bundles, or a section; see --help"))
        }
        None => bundles::run(&args),
    }
}
