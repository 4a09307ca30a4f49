//! What happened, newest first: by kind, by text, a page at a time.

use firebell_core::incident::{Actor, Entry, Event, EventRecord, Incident, RoomEvent, describe};
use jiff::Timestamp;
use minijinja::Value;
use serde::Serialize;

use crate::problem::Problem;
use crate::query::Pairs;
use crate::ui::{markdown, words};

/// Entries of one page; the API has all.
const PAGE: usize = 40;
/// Characters of a line in sight; beyond them it unfolds.
const LINE_LENGTH: usize = 280;
/// Characters of a text that is looked for.
const MOST_LETTERS: usize = 200;

/// Address, title and the kinds of entries of each filter.
const GROUPS: [(&str, &str, &[&str]); 8] = [
    ("alerts", "Alerts", &["alert"]),
    ("people", "People", &["people", "note", "said"]),
    ("findings", "Findings", &["finding", "verdict", "agent"]),
    ("mitigation", "Mitigation", &["mitigation"]),
    ("updates", "Updates", &["update"]),
    ("clocks", "Clocks", &["clock"]),
    ("state", "State", &["state", "severity"]),
    ("details", "Details", &["detail"]),
];

/// Which entries: `?kind=&q=&before=`.
#[derive(Debug, Default)]
pub(in crate::ui::incident) struct Filter {
    kind: Option<usize>,
    q: String,
    before: Option<u64>,
}

impl Filter {
    /// # Errors
    /// Names the parameter.
    pub(in crate::ui::incident) fn read(query: &Pairs) -> Result<Self, Problem> {
        let kind = match query.get("kind") {
            None => None,
            Some(key) => Some(GROUPS.iter().position(|g| g.0 == key).ok_or_else(|| {
                Problem::bad_request(
                    "kind",
                    "must be alerts, people, findings, mitigation, updates, clocks, state or details",
                )
            })?),
        };
        let q: String = query.get("q").unwrap_or_default().trim().chars().take(MOST_LETTERS).collect();
        Ok(Self { kind, q, before: query.read("before", "the version of an entry")? })
    }

    fn fits(&self, entry: &Entry, wanted: &str) -> bool {
        self.kind
            .and_then(|k| GROUPS.get(k))
            // Who wants all does not want what only who looks closely wants to see.
            .map_or(entry.kind != "detail", |g| g.2.contains(&entry.kind.as_str()))
            && (wanted.is_empty()
                || entry.text.to_lowercase().contains(wanted)
                || entry.who.to_lowercase().contains(wanted))
    }

    /// The query of the same filter with another kind or page.
    fn href(&self, id: &str, kind: Option<usize>, before: Option<u64>) -> String {
        let mut pairs = Vec::new();
        if let Some(group) = kind.and_then(|k| GROUPS.get(k)) {
            pairs.push(format!("kind={}", group.0));
        }
        if !self.q.is_empty() {
            pairs.push(format!("q={}", encoded(&self.q)));
        }
        pairs.extend(before.map(|v| format!("before={v}")));
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        format!("/incidents/{id}{query}#timeline")
    }
}

/// For a query string: everything but letters and digits as `%XX`.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The timeline.
#[derive(Debug, Serialize)]
pub(super) struct Timeline {
    lines: Vec<Line>,
    groups: Vec<GroupView>,
    kind: Option<&'static str>,
    q: String,
    total: usize,
    older: Option<String>,
    newest: Option<String>,
    all: String,
    filtered: bool,
}

#[derive(Debug, Serialize)]
struct GroupView {
    title: &'static str,
    href: String,
    now: bool,
}

/// A line.
#[derive(Debug, Serialize)]
struct Line {
    at: Timestamp,
    clock: String,
    full: String,
    ago: String,
    version: u64,
    who: String,
    kind: String,
    text: String,
    /// What does not fit.
    rest: String,
    /// A note, rendered.
    note: Option<Value>,
}

pub(super) fn of(i: &Incident, records: &[EventRecord], filter: &Filter, now: Timestamp) -> Timeline {
    let id = i.id.as_str();
    let wanted = filter.q.to_lowercase();
    // Of what went on over midnight the day is told.
    let days = records
        .first()
        .zip(records.last())
        .is_some_and(|(a, b)| a.at.strftime("%F").to_string() != b.at.strftime("%F").to_string());
    let mut lines: Vec<Line> = records
        .iter()
        .rev()
        .filter(|r| filter.before.is_none_or(|v| r.version < v))
        .map(|r| (r, describe(r)))
        .filter(|(_, entry)| filter.fits(entry, &wanted))
        .take(PAGE + 1)
        .map(|(record, entry)| line(record, once(record, entry), days, now))
        .collect();
    let more = lines.len() > PAGE;
    lines.truncate(PAGE);
    let older = lines.last().filter(|_| more).map(|l| filter.href(id, filter.kind, Some(l.version)));
    Timeline {
        older,
        newest: filter.before.map(|_| filter.href(id, filter.kind, None)),
        lines,
        groups: GROUPS
            .iter()
            .enumerate()
            .map(|(n, (_, title, _))| GroupView {
                title,
                href: filter.href(id, Some(n), None),
                now: filter.kind == Some(n),
            })
            .collect(),
        kind: filter.kind.and_then(|k| GROUPS.get(k)).map(|g| g.0),
        q: filter.q.clone(),
        total: records.len(),
        all: filter.href(id, None, None),
        filtered: filter.kind.is_some() || !filter.q.is_empty(),
    }
}

fn line(record: &EventRecord, entry: Entry, days: bool, now: Timestamp) -> Line {
    let note = match &record.event {
        // Rendered by code that lets nothing through, and cleaned before.
        Event::NoteAdded { text } => Some(Value::from_safe_string(markdown::render(&words::clean(text)))),
        _ => None,
    };
    let (text, rest) = fold(&entry.text);
    Line {
        at: entry.at,
        clock: if days { entry.at.strftime("%-d %b %H:%M:%S").to_string() } else { words::clock(entry.at) },
        full: format!("{} UTC", entry.at.strftime("%A %-d %B %Y %H:%M:%S")),
        ago: words::ago(entry.at, now),
        version: entry.version,
        text: text.to_owned(),
        rest: rest.to_owned(),
        who: entry.who,
        kind: entry.kind,
        note,
    }
}

/// Who said something in a chat stands before the line already where it is known who that is here.
fn once(record: &EventRecord, entry: Entry) -> Entry {
    let Event::Room(RoomEvent::Said(said)) = &record.event else { return entry };
    let known = matches!(record.actor, Actor::Person { .. });
    match entry.text.strip_prefix(&format!("{} ", said.author)).filter(|_| known) {
        Some(text) => Entry { text: text.to_owned(), ..entry },
        None => entry,
    }
}

/// Where a long text is cut, at a space: what is in sight and what is not. A little beyond the limit is no reason.
fn fold(text: &str) -> (&str, &str) {
    let Some((limit, _)) = text.char_indices().nth(LINE_LENGTH) else { return (text, "") };
    if text[limit..].chars().count() < LINE_LENGTH / 4 {
        return (text, "");
    }
    let at = text[..limit].rfind(' ').filter(|at| *at > limit / 2).unwrap_or(limit);
    (&text[..at], text[at..].trim_start())
}

#[cfg(test)]
mod tests {
    //! Long texts, and addresses of filters.

    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_space_and_loses_nothing() {
        assert_eq!(fold("short"), ("short", ""));
        let words = "wörter ".repeat(100);
        let (shown, rest) = fold(&words);
        assert!(shown.chars().count() <= LINE_LENGTH && shown.ends_with('r'), "{shown}");
        assert_eq!(format!("{shown} {rest}"), words);
        let unbroken = "ö".repeat(900);
        let (shown, rest) = fold(&unbroken);
        assert_eq!((shown.chars().count(), rest.chars().count()), (LINE_LENGTH, 900 - LINE_LENGTH));
        let little = "x".repeat(LINE_LENGTH + 10);
        assert_eq!(fold(&little), (little.as_str(), ""));
    }

    #[test]
    fn a_filter_is_an_address_that_reads_back() {
        let pairs = |all: &[(&str, &str)]| {
            Pairs(all.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
        };
        let filter = Filter::read(&pairs(&[("kind", "people"), ("q", "ünd & \"so\""), ("before", "9")]))
            .expect("right");
        assert_eq!(
            filter.href("INC-1", filter.kind, Some(4)),
            "/incidents/INC-1?kind=people&q=%C3%BCnd%20%26%20%22so%22&before=4#timeline"
        );
        assert!(Filter::read(&pairs(&[("kind", "nonsense")])).is_err());
        assert!(Filter::read(&pairs(&[("before", "x")])).is_err());
    }
}
