//! `firebell bench`: how often the analysis is right, and how fast, on labelled data. One file a section.

mod bundles;
mod loghub;
mod paging;
mod perturb;
mod severity;
mod shop;
mod speed;
mod table;

use crate::args::{BenchArgs, BenchCommand};
use crate::exit_code::{ExitCode, coded};

pub(super) async fn run(args: BenchArgs) -> anyhow::Result<ExitCode> {
    match args.section {
        Some(BenchCommand::Shop(shop)) => shop::run(&shop).await,
        Some(BenchCommand::Perturb(args)) => perturb::run(&args),
        Some(BenchCommand::Severity(args)) => severity::run(&args),
        Some(BenchCommand::Speed(args)) => speed::run(&args),
        Some(BenchCommand::Paging(args)) => paging::run(&args).await,
        None if args.dirs.is_empty() => {
            Err(coded(ExitCode::Usage, "name a folder with labelled bundles, or a section; see --help"))
        }
        // Labelled logs are no bundles; both may be named at once.
        None => {
            let (logs, bundles): (Vec<_>, Vec<_>) =
                args.dirs.iter().cloned().partition(|d| firebell_integrations::loghub::is_there(d));
            if !logs.is_empty() {
                loghub::run(&logs, args.json)?;
            }
            if bundles.is_empty() {
                return Ok(ExitCode::Ok);
            }
            bundles::run(&BenchArgs { dirs: bundles, ..args })
        }
    }
}
