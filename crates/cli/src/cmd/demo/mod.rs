//! `firebell demo`: the whole workflow against a small company that really breaks.

mod calm;
mod catalogue;
pub(crate) mod drill;
mod end;
mod people;
mod run;
mod shop;
mod state;

use std::path::Path;

use serde_json::json;

use crate::args::DemoArgs;
use crate::exit_code::{ExitCode, coded};
use crate::output::{self, Tone, paint};

pub(super) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    if args.list_faults {
        list_faults(args.json.is_some());
        return Ok(ExitCode::Ok);
    }
    if let Some(file) = &args.json {
        writable(file)?;
    }
    run::run(args).await
}

/// A summary that cannot be written is told before the run, not after it.
fn writable(file: &Path) -> anyhow::Result<()> {
    if file.as_os_str() == "-" {
        return Ok(());
    }
    let there = file.exists();
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .map_err(|e| coded(ExitCode::Usage, format!("--json: {} cannot be written: {e}", file.display())))?;
    if !there {
        // A run that is interrupted leaves no empty summary.
        std::fs::remove_file(file)?;
    }
    Ok(())
}

fn list_faults(as_json: bool) {
    let faults = firebell_shop::catalogue();
    if as_json {
        let list: Vec<_> = faults.iter().map(|f| json!({ "name": f.name, "summary": f.summary })).collect();
        output::json(&json!({ "faults": list }));
        return;
    }
    for fault in faults {
        output::line(&format!("{} {}", paint(Tone::Strong, &format!("{:<28}", fault.name)), fault.summary));
    }
}
