//! `firebell logs`: templates of log files.

mod print;
mod read;

use std::path::Path;

use firebell_rca::logs::Mined;

use crate::args::{LogsCommand, LogsMineArgs};
use crate::exit_code::{ExitCode, coded};
use crate::output;

/// What mining came to.
pub(crate) struct Report {
    /// Templates with what is known of their lines.
    pub mined: Mined,
    /// Lines read.
    pub lines: u64,
    /// Bytes read.
    pub bytes: u64,
    /// What was odd, with file and line.
    pub notes: Vec<String>,
    /// Seconds it took.
    pub seconds: f64,
    /// Files read.
    pub files: usize,
}

pub(super) fn run(command: &LogsCommand) -> anyhow::Result<ExitCode> {
    let LogsCommand::Mine(args) = command;
    let report = mine(args)?;
    for note in &report.notes {
        output::note(&output::clean(note));
    }
    if args.as_json() {
        print::json(&report, args);
    } else {
        print::text(&report, args);
    }
    Ok(ExitCode::Ok)
}

fn mine(args: &LogsMineArgs) -> anyhow::Result<Report> {
    let started = std::time::Instant::now();
    let year =
        args.year.unwrap_or_else(|| jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).year());
    let mut reader = read::Reader::new(year, args.messages);
    let files: Vec<&Path> = if args.files.is_empty() {
        vec![Path::new("-")]
    } else {
        args.files.iter().map(|f| f.as_path()).collect()
    };
    let mut failed = Vec::new();
    for file in &files {
        if let Err(e) = reader.file(file) {
            failed.push(format!("{}: {e}", file.display()));
        }
    }
    // One file that cannot be read does not keep the others from being mined.
    if failed.len() == files.len() {
        return Err(coded(ExitCode::Usage, failed.join("; ")));
    }
    let (mined, lines, bytes, mut notes) = reader.finish()?;
    notes.extend(failed);
    Ok(Report { mined, lines, bytes, notes, seconds: started.elapsed().as_secs_f64(), files: files.len() })
}
