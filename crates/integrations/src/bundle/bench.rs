//! Runs every bundle below a folder that has an answer. The investigation comes in as a function, and so does not
//! tie this crate to one.

use std::path::{Path, PathBuf};
use std::time::Instant;

use firebell_core::telemetry::Telemetry;
use firebell_core::verdict::Verdict;
use serde_json::Value;

use super::error::Error;
use super::read::{answer, read};

/// One case: what was answered and what would have been right.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseRun {
    /// Path below the folder.
    pub name: String,
    /// What the investigation said.
    pub verdict: Verdict,
    /// The case's `answer.json`.
    pub answer: Value,
}

/// Runs `investigate` on each bundle below `dir` in the order of their names.
///
/// # Errors
/// If the folder cannot be listed or a bundle with an answer cannot be read.
pub fn bench(dir: &Path, mut investigate: impl FnMut(&Telemetry) -> Verdict) -> Result<Vec<CaseRun>, Error> {
    let cases = labelled(dir)?;
    let mut out = Vec::with_capacity(cases.len());
    for case in cases {
        let Some(answer) = answer(&case)? else { continue };
        let started = Instant::now();
        let loaded = read(&case)?;
        let mut verdict = investigate(&loaded.telemetry);
        verdict.stats.wall_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let name = case.strip_prefix(dir).unwrap_or(&case).display().to_string();
        out.push(CaseRun { name: if name.is_empty() { ".".into() } else { name }, verdict, answer });
    }
    Ok(out)
}

/// Folders below `dir` (or itself) that are bundles with an `answer.json`, by name.
///
/// # Errors
/// If a folder cannot be listed.
pub fn labelled(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut cases = Vec::new();
    find(dir, 0, &mut cases)?;
    cases.sort();
    Ok(cases)
}

fn find(dir: &Path, depth: usize, out: &mut Vec<PathBuf>) -> Result<(), Error> {
    if dir.join("bundle.json").is_file() {
        if dir.join("answer.json").is_file() {
            out.push(dir.to_owned());
        }
        return Ok(());
    }
    if depth > 6 {
        return Ok(());
    }
    let io = |source| Error::Io { path: dir.to_owned(), what: "list the folder", source };
    for item in std::fs::read_dir(dir).map_err(io)? {
        let item = item.map_err(io)?;
        if item.file_type().map_err(io)?.is_dir() {
            find(&item.path(), depth + 1, out)?;
        }
    }
    Ok(())
}
