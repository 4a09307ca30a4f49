//! The folder that `[oncall]` names: people, schedules and escalations, one roster in as many files as a team likes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use firebell_integrations::backends;
use firebell_oncall::Roster;
use firebell_oncall::check::{Finding, Limits, Means, Weight, check};
use firebell_oncall::model::ContactKind;
use firebell_server::RosterFiles;
use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::File;

/// Holidays that return are taken up to so many years ahead.
const YEARS_AHEAD: i16 = 10;

/// Folders within the folder are looked at so deep, and so many files of them.
const DEPTH: u8 = 4;
const MOST_FILES: usize = 5000;

/// `[oncall]`.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OnCall {
    /// Folder of TOML files, seen from that of the configuration; none where empty.
    pub(crate) folder: String,
    /// By which notifier a kind of contact is reached, where more than one could: `sms = "twilio/main"`.
    pub(crate) channels: BTreeMap<ContactKind, String>,
}

/// The folder, looked at while the server runs.
#[derive(Debug, Clone)]
pub(crate) struct RosterFolder {
    section: OnCall,
    beside: PathBuf,
}

impl RosterFolder {
    /// Of a configuration in the folder `beside`; none where it names none.
    pub(super) fn of(section: &OnCall, beside: &Path) -> Option<Self> {
        let (section, beside) = (section.clone(), beside.to_owned());
        (!section.folder.is_empty()).then_some(Self { section, beside })
    }
}

impl RosterFiles for RosterFolder {
    fn stamp(&self) -> String {
        let mut files = BTreeMap::new();
        stamps(&self.beside.join(&self.section.folder), DEPTH, &mut files);
        let mut hash = Sha256::new();
        for (path, stamp) in files {
            hash.update(path.as_os_str().as_encoded_bytes());
            hash.update(stamp);
        }
        hex::encode(hash.finalize())
    }

    fn read(&self) -> Result<Roster, String> {
        roster(&self.section, &self.beside, Timestamp::now()).map(|(roster, _)| roster)
    }
}

/// What tells a file from what it was: the content of what is read as TOML, size and time of what a calendar may name.
fn stamps(folder: &Path, depth: u8, found: &mut BTreeMap<PathBuf, [u8; 32]>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if found.len() >= MOST_FILES {
            return;
        }
        if path.extension().is_some_and(|e| e == "toml") {
            let content = std::fs::read(&path).map_or([0; 32], |text| Sha256::digest(text).into());
            found.insert(path, content);
        } else if path.is_dir() {
            if depth > 0 {
                stamps(&path, depth - 1, found);
            }
        } else if let Ok(about) = std::fs::metadata(&path) {
            let stamp = format!("{} {:?}", about.len(), about.modified().ok());
            found.insert(path, Sha256::digest(stamp).into());
        }
    }
}

/// Reads the folder and looks the roster over; errors refuse it.
pub(super) fn roster(
    section: &OnCall,
    beside: &Path,
    now: Timestamp,
) -> Result<(Roster, Vec<Finding>), String> {
    if section.folder.is_empty() {
        return Ok((Roster::default(), Vec::new()));
    }
    let folder = beside.join(&section.folder);
    let unread =
        |path: &Path, e: std::io::Error| format!("oncall.folder: {} cannot be read: {e}", path.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(|e| unread(&folder, e))? {
        let path = entry.map_err(|e| unread(&folder, e))?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            files.push(path);
        }
    }
    // Layers and replacements have an order, and so have files.
    files.sort();
    if files.is_empty() {
        return Err(format!("oncall.folder: {} has no file that ends with .toml", folder.display()));
    }
    let last_year = now.strftime("%Y").to_string().parse::<i16>().unwrap_or(2100).saturating_add(YEARS_AHEAD);
    let (mut roster, mut problems) = (Roster::default(), Vec::new());
    for path in &files {
        let text = std::fs::read_to_string(path).map_err(|e| unread(path, e))?;
        match Roster::from_toml(&text) {
            Ok(mut part) => {
                fill(&mut part, &folder, last_year, &mut problems);
                roster.extend(part);
            }
            Err(error) => problems.push(format!("{}: {error}", path.display())),
        }
    }
    let findings = if problems.is_empty() { check(&roster, now, &Limits::default()) } else { Vec::new() };
    let (errors, rest): (Vec<_>, Vec<_>) = findings.into_iter().partition(|f| f.weight == Weight::Error);
    problems.extend(errors.iter().map(said));
    if problems.is_empty() { Ok((roster, rest)) } else { Err(problems.join("\n")) }
}

/// What the configuration sets up for the roster's contacts and channels; who has a device is known to the server only.
pub(super) fn means(file: &File) -> Means {
    let mut kinds: BTreeSet<ContactKind> = file.notifiers.iter().filter_map(backends::contact_kind).collect();
    kinds.extend(file.oncall.channels.keys());
    // One that cannot be built, for lack of a secret here perhaps, has a name that nobody knows.
    let names = file.notifiers.iter().map(|c| Some(backends::build_notifier(c).ok()?.name().to_owned()));
    let channels = names.collect();
    Means { kinds, channels, with_device: None }
}

/// A finding in a line.
pub(crate) fn said(finding: &Finding) -> String {
    format!("oncall: {}: {}; {}", finding.field, finding.problem, finding.advice)
}

/// Takes in the files that calendars name; they are in the folder.
fn fill(part: &mut Roster, folder: &Path, last_year: i16, problems: &mut Vec<String>) {
    for calendar in part.calendars.iter_mut().filter(|c| !c.file.is_empty()) {
        let inside = Path::new(&calendar.file).components().all(|c| matches!(c, Component::Normal(_)));
        let path = folder.join(&calendar.file);
        let field = format!("calendars.{}.file", calendar.name);
        if !inside {
            problems.push(format!(
                "oncall: {field}: {:?} is not in the folder {}",
                calendar.file,
                folder.display()
            ));
            continue;
        }
        let filled = std::fs::read_to_string(&path)
            .map_err(|e| format!("{field}: {} cannot be read: {e}", path.display()))
            .and_then(|text| calendar.fill(&text, last_year));
        if let Err(problem) = filled {
            problems.push(format!("oncall: {problem}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Result<(Roster, Vec<Finding>), String> {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).expect("a file");
        }
        let now = "2026-01-05T08:00:00Z".parse().expect("a time");
        let read = roster(&OnCall { folder: ".".to_owned(), ..OnCall::default() }, dir.path(), now);
        read.map_err(|e| e.replace(&dir.path().display().to_string(), "DIR"))
    }

    const PEOPLE: &str = "people = [{ name = \"ana\", contacts = [{ kind = \"push\" }] }]\n";
    const SCHEDULE: &str = "calendars = [{ name = \"by\", file = \"by.ics\" }]\n[[schedules]]\nname = \"s\"\n\
        layers = [{ name = \"l\", participants = [\"ana\"], holidays = { calendars = [\"by\"], then = \"off\" } }]\n";
    const ICS: &str = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260106\nSUMMARY:Epiphany\n\
        RRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR\n";

    #[test]
    fn files_are_one_roster_with_their_calendars() {
        let (roster, findings) =
            read(&[("a.toml", PEOPLE), ("b.toml", SCHEDULE), ("by.ics", ICS), ("notes.md", "no")])
                .expect("right");
        assert_eq!((roster.people.len(), roster.schedules.len()), (1, 1));
        assert_eq!(roster.calendars[0].days.len(), 11);
        assert!(findings.iter().any(|f| f.problem.contains("nobody is on call")), "{findings:?}");
    }

    #[test]
    fn what_is_wrong_is_named_by_file_and_field() {
        let said = |files: &[(&str, &str)]| read(files).expect_err("wrong");
        let all = [
            said(&[]),
            said(&[("a.toml", "[[people]]\nname = 3\n")]),
            said(&[("b.toml", SCHEDULE), ("a.toml", PEOPLE)]),
            said(&[("a.toml", SCHEDULE), ("by.ics", ICS)]),
            said(&[("a.toml", PEOPLE), ("b.toml", &SCHEDULE.replace("by.ics", "../by.ics"))]),
            said(&[("a.toml", PEOPLE), ("b.toml", SCHEDULE), ("by.ics", "BEGIN:VCALENDAR\nhello\n")]),
        ];
        let expected = [
            "oncall.folder: DIR/. has no file that ends with .toml",
            "DIR/./a.toml: people[0].name: invalid type: integer `3`, expected a string (line 2)",
            "oncall: calendars.by.file: DIR/./by.ics cannot be read: No such file or directory (os error 2)",
            "oncall: schedules.s.layers.l.participants: `ana` is nobody of [[people]]; add the person, or correct the name",
            "oncall: calendars.by.file: \"../by.ics\" is not in the folder DIR/.",
            "oncall: calendars.by: line 2 has no colon; it is no line of a calendar",
        ];
        assert_eq!(all.each_ref().map(String::as_str), expected);
    }

    #[test]
    fn without_a_folder_there_is_nothing() {
        let now = "2026-01-05T08:00:00Z".parse().expect("a time");
        let (read, findings) = roster(&OnCall::default(), Path::new("/nowhere"), now).expect("nothing");
        assert_eq!((read, findings), (Roster::default(), Vec::new()));
    }
}
