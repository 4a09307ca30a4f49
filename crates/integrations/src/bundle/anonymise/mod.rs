//! A bundle that can be shown to others: components, hosts, people, addresses, domains, paths and ids become
//! pseudonyms, the same everywhere; secrets go; of free text only words of the product's own vocabulary stay. Figures,
//! relative times, the call graph and what repeats are as they were, so the verdict is the same, renamed.
//!
//! A pseudonym is made for each word that is not known, not for each text: what belonged together before (a pod and
//! its deployment, a heading and its component, a diff and a log line) does so afterwards.

mod ids;
mod vocabulary;
mod walk;
mod words;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use firebell_core::telemetry::Telemetry;

use super::error::Error;
use super::meta::BundleMeta;
use super::read::{Loaded, read};
use super::write::write;

pub use words::Pseudonyms;

/// How to anonymise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Added to all times, seconds.
    pub shift_s: i64,
}

/// What came out.
#[derive(Debug)]
pub struct Anonymised {
    /// The pseudonyms: who has these can undo it.
    pub names: Pseudonyms,
    /// The folders that were written; the first is the bundle.
    pub folders: Vec<PathBuf>,
}

/// Reads the bundle in `dir` and writes it without names to `out`. What was included is written beside `out`. Files
/// that could not be read, and `answer.json`, are not written.
///
/// # Errors
/// If `dir` is not a bundle or `out` cannot be written.
pub fn anonymise(dir: &Path, out: &Path, options: Options) -> Result<Anonymised, Error> {
    let Loaded { telemetry, .. } = read(dir)?;
    let names = Pseudonyms::of(&telemetry);
    // A normal period that was recorded apart stays apart: the analysis holds levels of both against each other.
    let (own, included) = apart(telemetry);
    let mut folders = vec![out.to_owned()];
    let mut meta = BundleMeta::default();
    if let Some(included) = included {
        let name = format!("{}-included", out.file_name().unwrap_or_default().to_string_lossy());
        let folder = out.with_file_name(&name);
        write(&folder, &walk::telemetry(included, &names, options), &BundleMeta::default())?;
        meta.include.push(format!("../{name}"));
        folders.push(folder);
    }
    let own = walk::telemetry(own, &names, options);
    // Gaps name files; these have other names now, and the reader finds clocks that are off again.
    write(out, &Telemetry { gaps: Vec::new(), ..own }, &meta)?;
    Ok(Anonymised { names, folders })
}

fn apart(mut t: Telemetry) -> (Telemetry, Option<Telemetry>) {
    let mut other = Telemetry::default();
    let is_included = |source: &str| source.starts_with("../");
    other.series = t.series.extract_if(.., |s| is_included(&s.source)).collect();
    other.logs = t.logs.extract_if(.., |l| is_included(&l.source)).collect();
    other.spans = t.spans.extract_if(.., |s| is_included(&s.source)).collect();
    let any = !(other.series.is_empty() && other.logs.is_empty() && other.spans.is_empty());
    (t, any.then_some(other))
}
