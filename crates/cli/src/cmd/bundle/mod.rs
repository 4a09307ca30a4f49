//! `firebell bundle`: one file a verb.

mod anonymise;
mod check;
mod collect;
mod live;

pub(super) use collect::{policy_of, write};

use std::path::Path;

use firebell_integrations::bundle::Error;

use crate::args::BundleCommand;
use crate::exit_code::{ExitCode, coded};

pub(super) async fn run(command: BundleCommand) -> anyhow::Result<ExitCode> {
    match command {
        BundleCommand::Collect(args) => collect::run(args).await,
        BundleCommand::Check { format, json, dir } => check::run(&dir, format, json),
        BundleCommand::Anonymise { out, shift_time, mapping, json, dir } => {
            anonymise::run(&dir, &out, shift_time, mapping.as_deref(), json)
        }
    }
}

/// Refuses a folder that something is in.
fn vacant(out: &Path) -> anyhow::Result<()> {
    if out.exists() && std::fs::read_dir(out)?.next().is_some() {
        return Err(coded(ExitCode::Usage, format!("--out: {} exists and is not empty", out.display())));
    }
    Ok(())
}

/// A bundle that cannot be read or written, with the reason behind it.
fn refused(error: &Error) -> anyhow::Error {
    let source = std::error::Error::source(error).map(|s| format!(": {s}")).unwrap_or_default();
    coded(ExitCode::Usage, format!("{error}{source}"))
}
