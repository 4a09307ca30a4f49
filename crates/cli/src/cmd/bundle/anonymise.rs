//! `firebell bundle anonymise`: a copy to show to others.

use std::path::Path;

use firebell_integrations::bundle::anonymise::{Options, anonymise};
use serde_json::json;

use crate::client::write_private;
use crate::exit_code::{ExitCode, coded};
use crate::output;

pub(super) fn run(
    dir: &Path,
    out: &Path,
    shift_s: i64,
    mapping: Option<&Path>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    super::vacant(out)?;
    if out.file_name().is_none() {
        return Err(coded(ExitCode::Usage, format!("--out: {} names no folder", out.display())));
    }
    let done = anonymise(dir, out, Options { shift_s }).map_err(|e| super::refused(&e))?;
    let words = done.names.mapping();
    if let Some(file) = mapping {
        let text = serde_json::to_vec_pretty(&words)?;
        write_private(file, &text).map_err(|e| {
            coded(ExitCode::Usage, format!("--mapping: {} cannot be written: {e}", file.display()))
        })?;
    }
    if as_json {
        output::json(&json!({ "folders": done.folders, "words": words.len(), "mapping": mapping }));
        return Ok(ExitCode::Ok);
    }
    for folder in &done.folders {
        output::line(&format!("written to {}", folder.display()));
    }
    output::line(&format!("{} words and addresses became pseudonyms", words.len()));
    output::note("look through it before you send it: no program knows all that names somebody");
    Ok(ExitCode::Ok)
}
