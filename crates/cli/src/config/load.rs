//! Reading and checking the file.

use std::collections::BTreeSet;
use std::path::Path;

use firebell_integrations::{backends, registry};

use super::file::File;
use crate::exit_code::{ExitCode, coded};

/// Reads a configuration, or the defaults where there is none.
pub(crate) fn load(path: Option<&Path>) -> anyhow::Result<File> {
    let Some(path) = path else { return Ok(File::default()) };
    let text = std::fs::read_to_string(path).map_err(|e| {
        coded(ExitCode::Usage, format!("{} cannot be read: {e}; `firebell init` writes one", path.display()))
    })?;
    parse(&text).map_err(|e| coded(ExitCode::Usage, format!("{}: {e}", path.display())))
}

/// Parses and checks; the error names the field, with its line where the parser knows it.
pub(crate) fn parse(text: &str) -> Result<File, String> {
    let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
    let problems = problems(&file);
    if problems.is_empty() { Ok(file) } else { Err(problems.join("\n")) }
}

/// Everything that is wrong beyond syntax, all at once.
fn problems(file: &File) -> Vec<String> {
    let mut all = Vec::new();
    let mut names = BTreeSet::new();
    for source in &file.sources {
        if !names.insert(source.name.as_str()) {
            all.push(format!("sources: the name {:?} is used twice", source.name));
        }
        if let Err(error) = registry::build(source) {
            all.push(error.to_string());
        }
    }
    for config in &file.telemetry {
        if let Err(error) = backends::build_telemetry(config) {
            all.push(format!("telemetry: {error}"));
        }
    }
    let mut channels = BTreeSet::new();
    for config in &file.notifiers {
        match backends::build_notifier(config) {
            Ok(notifier) => {
                channels.insert(notifier.name().to_owned());
            }
            Err(error) => all.push(format!("notifiers: {error}")),
        }
    }
    for config in &file.platforms {
        if let Err(error) = backends::build_platform(config) {
            all.push(format!("platforms: {error}"));
        }
    }
    let used = file.channels.values().flatten().chain(&file.page_channels);
    for channel in used.filter(|c| !channels.contains(*c)) {
        all.push(format!("channels: {channel:?} is not a notifier; write KIND/NAME of one of [[notifiers]]"));
    }
    for token in &file.tokens {
        if firebell_server::Role::parse(&token.role).is_none() {
            all.push(format!(
                "tokens: role {:?} of {:?} is none of viewer, responder, commander, admin",
                token.role, token.name
            ));
        }
    }
    let mut services = BTreeSet::new();
    for service in &file.services {
        if service.name.is_empty() || !services.insert(service.name.as_str()) {
            all.push(format!("services: the name {:?} is empty or used twice", service.name));
        }
    }
    let mut people = BTreeSet::new();
    for person in &file.people {
        if person.name.is_empty() || !people.insert(person.name.as_str()) {
            all.push(format!("people: the name {:?} is empty or used twice", person.name));
        }
    }
    all
}
