//! The command line of `firebell bench`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_precedence_over_arg = true)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) section: Option<BenchCommand>,
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// One line for each case.
    #[arg(long)]
    pub(crate) verbose: bool,
    /// What the investigation is told of the start of the impact.
    #[arg(long, value_enum, default_value = "given")]
    pub(crate) onset: Onset,
    /// How much too late or too early, seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(i64).range(1..=86_400))]
    pub(crate) off: i64,
    /// Folders with labelled bundles (`answer.json`).
    #[arg(value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,
}

/// What an investigation is told of the start of the impact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Onset {
    /// What the bundle says.
    Given,
    /// Nothing.
    None,
    /// Too late, by a minute unless --off says more.
    Late,
    /// Too early, by a minute unless --off says more.
    Early,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Break the demo's company in every way, with many seeds, and see what the incidents' verdicts say.
    Shop(BenchShopArgs),
    /// Disturb copies of labelled bundles and see whether the verdicts hold.
    Perturb(BenchPerturbArgs),
    /// Read severity from titles and first updates of labelled public incidents, beside what counting words reaches.
    Severity(BenchSeverityArgs),
    /// Time the investigation of large bundles.
    Speed(BenchSpeedArgs),
    /// Time from an alert to the first call that leaves for it, on a server of its own.
    Paging(BenchPagingArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BenchSeverityArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// So many of the newest incidents are the test [default: 204].
    #[arg(long)]
    pub(crate) newest: Option<usize>,
    /// Incidents, one JSON object a line.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct BenchSpeedArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Seed of the bundles.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct BenchPagingArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Incidents a second, one run each.
    #[arg(long, value_delimiter = ',', default_value = "1,100,1000", value_name = "N,…")]
    pub(crate) rates: Vec<u32>,
    /// Seconds of each run; runs have at most 4000 incidents.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) seconds: u32,
    /// An Alertmanager that gets the same alerts at the same rates: /usr/bin/prometheus-alertmanager.
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) rival: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchPerturbArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Copies in all.
    #[arg(long, default_value_t = 1000)]
    pub(crate) copies: usize,
    /// Folders with labelled bundles.
    #[arg(value_name = "DIR", required = true)]
    pub(crate) dirs: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchShopArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Faults, as `firebell demo --list-faults` names them, and `nothing` [default: all].
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    pub(crate) faults: Vec<String>,
    /// Seeds: 1-20, or 1,5,9.
    #[arg(long, default_value = "1-20")]
    pub(crate) seeds: String,
    /// Companies at the same time.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) parallel: u16,
    /// Folder for the evidence of each drill, as labelled bundles.
    #[arg(long, value_name = "DIR", default_value = "firebell-bench")]
    pub(crate) keep: PathBuf,
    /// One drill, FAULT:SEED, in this process.
    #[arg(long, hide = true)]
    pub(crate) one: Option<String>,
}
