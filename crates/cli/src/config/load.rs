//! Reading and checking the file.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use firebell_core::secrets::Mask;
use firebell_integrations::backends;
use firebell_integrations::otlp::OtlpStore;
use firebell_oncall::Roster;
use firebell_oncall::check::{Finding, reach};
use firebell_server::RosterFiles as _;

use super::file::File;
use super::oncall::RosterFolder;
use super::parts::twice;
use super::{checks, oncall, parts};
use crate::exit_code::{ExitCode, coded};

/// Reads a configuration, or the defaults where there is none; every error is wrong use.
pub(crate) fn load(path: Option<&Path>) -> anyhow::Result<File> {
    let Some(path) = path else { return Ok(File::default()) };
    let wrong = |e: String| coded(ExitCode::Usage, format!("{}: {e}", path.display()));
    let mut file = parse(&text(path)?).map_err(wrong)?;
    // Before it is read: an edit in between is found afterwards.
    let files = RosterFolder::of(&file.oncall, path.parent().unwrap_or(Path::new(".")));
    file.roster_files = files.map(|files| (Arc::new(files.clone()), files.stamp()));
    let (roster, _) = on_call(&file, path).map_err(wrong)?;
    file.roster = roster;
    Ok(file)
}

/// The roster of the folder that a file names, and what the checker has to say of it.
pub(crate) fn on_call(file: &File, path: &Path) -> Result<(Roster, Vec<Finding>), String> {
    let beside = path.parent().unwrap_or(Path::new("."));
    let (roster, mut findings) = oncall::roster(&file.oncall, beside, jiff::Timestamp::now())?;
    findings.extend(reach(&roster, &oncall::means(file)));
    findings.sort();
    Ok((roster, findings))
}

/// The same without a look at what the fields hold: secrets that are not there for the caller do not matter.
pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<File> {
    let Some(path) = path else { return Ok(File::default()) };
    syntax(&text(path)?).map_err(|e| coded(ExitCode::Usage, format!("{}: {e}", path.display())))
}

/// The text of the file.
pub(crate) fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).map_err(|e| {
        coded(ExitCode::Usage, format!("{} cannot be read: {e}; `firebell init` writes one", path.display()))
    })
}

/// Parses and checks; the error names the field, with its line where the parser knows it.
pub(crate) fn parse(text: &str) -> Result<File, String> {
    let file = syntax(text)?;
    let problems = problems(&file);
    if problems.is_empty() { Ok(file) } else { Err(problems.join("\n")) }
}

fn syntax(text: &str) -> Result<File, String> {
    toml::from_str(text).map_err(|e| e.to_string())
}

/// Everything that is wrong beyond syntax, all at once: what a server would refuse, and what would do nothing.
pub(crate) fn problems(file: &File) -> Vec<String> {
    // The administrator's token is made at start; it plays no part in what is wrong.
    let mut all = parts::auth(file, "").err().unwrap_or_default();
    all.extend(parts::oidc(file).err().unwrap_or_default());
    all.extend(parts::sources(file).err().unwrap_or_default());
    all.extend(parts::heartbeats(file).err().unwrap_or_default());
    all.extend(parts::templates(file).err().unwrap_or_default());
    all.extend(systems(file));
    all.extend(checks::values(file));
    all
}

/// The systems that are queried, acted on and written to, and where their names are used.
fn systems(file: &File) -> Vec<String> {
    let mut all = Vec::new();
    let mut names = Vec::new();
    for config in &file.telemetry {
        match backends::build_telemetry(config, &Mask::default()) {
            Ok(source) => names.push(source.name().to_owned()),
            Err(error) => all.push(format!("telemetry: {error}")),
        }
    }
    all.extend(twice("telemetry: the name", names.iter().map(String::as_str)));
    if let Some(otlp) = &file.otlp
        && let Err(error) = OtlpStore::new(otlp.store.clone())
    {
        all.push(error.to_string());
    }
    for config in &file.platforms {
        if let Err(error) = backends::build_platform(config) {
            all.push(format!("platforms: {error}"));
        }
    }
    all.extend(twice("platforms: the name", file.platforms.iter().map(|p| p.name.as_str())));
    let mut channels = Vec::new();
    for config in &file.notifiers {
        match backends::build_notifier(config) {
            Ok(notifier) => channels.push(notifier.name().to_owned()),
            Err(error) => all.push(format!("notifiers: {error}")),
        }
    }
    all.extend(twice("notifiers: the name", channels.iter().map(String::as_str)));
    let channels: BTreeSet<&String> = channels.iter().collect();
    let used = file.channels.values().flatten().chain(&file.page_channels);
    for channel in used.filter(|c| !channels.contains(c)) {
        all.push(format!("channels: {channel:?} is not a notifier; write KIND/NAME of one of [[notifiers]]"));
    }
    let statuspage = |c: &&String| c.starts_with("statuspage/");
    let inside = file.channels.iter().filter(|(a, _)| **a != firebell_core::comms::Audience::Public);
    for channel in inside.flat_map(|(_, c)| c).chain(&file.page_channels).filter(statuspage) {
        all.push(format!("channels: {channel:?} is read by customers: name it under channels.public only"));
    }
    if let Some(email) = file.status.email.as_ref().filter(|e| !channels.contains(e)) {
        all.push(format!(
            "status.email: {email:?} is not a notifier; write email/NAME of one of [[notifiers]]"
        ));
    }
    all
}
