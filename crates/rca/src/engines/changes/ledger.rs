//! The ledger read as candidates: a commit with all its deploys is one, a deploy without a commit is one. A commit goes
//! live with the next deploy of its component, whatever commit that one is labelled with; code that several components
//! share goes live with each of them.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::change::{Change, ChangeKind};

use super::diff::{self, FileDiff};
use super::edit::{self, Edit, Sort};
use super::effect::Effect;
use super::{inert, knob};
use crate::case::Case;
use crate::names;
use crate::text::words;

/// What is known of what a change did.
#[derive(Debug)]
pub(super) enum Content {
    /// Nothing: no diff, no files, no values.
    Unknown,
    /// It cannot harm, for the reason given.
    Inert(&'static str),
    /// Typed edits.
    Known(Vec<Edit>),
}

/// Where and when a change went live.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Live {
    pub component: String,
    pub at: i64,
    /// A deploy that is labelled otherwise brought it.
    pub carried: bool,
}

/// One change with all its ledger entries.
pub(super) struct Candidate<'a> {
    pub key: String,
    pub entries: Vec<&'a Change>,
    /// The entry that people would look at: the deploy before the commit.
    pub shown: &'a Change,
    pub content: Content,
    pub live: Vec<Live>,
    /// Files that it touches.
    pub files: BTreeSet<String>,
    /// Words of changed lines and names of files; the summary's only where nothing else is known.
    pub words: BTreeSet<String>,
    pub deployed: bool,
}

/// All candidates, by key.
pub(super) fn candidates<'a>(case: &Case<'a>) -> Vec<Candidate<'a>> {
    let mut by_key: BTreeMap<String, Vec<&'a Change>> = BTreeMap::new();
    for c in &case.t.changes {
        by_key.entry(c.commit.clone().unwrap_or_else(|| c.id.clone())).or_default().push(c);
    }
    let deploys: Vec<(String, i64)> = case
        .t
        .changes
        .iter()
        .filter(|c| c.kind == ChangeKind::Deploy && !c.component.is_empty())
        .map(|c| (case.names.resolve(&c.component), c.at.as_millisecond()))
        .collect();
    let known = components(case);
    by_key.into_iter().filter_map(|(key, entries)| candidate(case, key, entries, &deploys, &known)).collect()
}

fn candidate<'a>(
    case: &Case<'a>,
    key: String,
    mut entries: Vec<&'a Change>,
    deploys: &[(String, i64)],
    known: &BTreeSet<String>,
) -> Option<Candidate<'a>> {
    // The order of the ledger says nothing.
    entries.sort_by(|a, b| {
        let commit = |c: &Change| c.kind == ChangeKind::Commit;
        (commit(a), a.at, &a.id, &a.component).cmp(&(commit(b), b.at, &b.id, &b.component))
    });
    let shown = *entries.first()?;
    let diff = entries.iter().filter_map(|e| e.diff.as_deref()).max_by_key(|d| d.len()).unwrap_or("");
    let parsed = diff::parse(diff);
    let mut files: BTreeSet<String> = entries.iter().flat_map(|e| e.files.iter().cloned()).collect();
    files.extend(parsed.iter().filter(|f| !f.path.is_empty()).map(|f| f.path.to_owned()));
    let content = content(shown, &parsed, &files);
    let live = live(case, &entries, &files, deploys, known);
    Some(Candidate {
        words: changed_words(&entries, &parsed, &files, &content),
        deployed: entries.iter().any(|e| e.kind != ChangeKind::Commit) || live.iter().any(|l| l.carried),
        key,
        shown,
        entries,
        content,
        live,
        files,
    })
}

fn content(shown: &Change, parsed: &[FileDiff<'_>], files: &BTreeSet<String>) -> Content {
    if !files.is_empty()
        && let Some(reason) = inert::by_paths(files.iter().map(String::as_str))
    {
        return Content::Inert(reason);
    }
    let mut edits = stated(shown);
    if parsed.iter().any(|f| f.hunks.iter().any(|h| !h.lines.is_empty())) {
        if let Some(reason) = inert::by_lines(parsed) {
            return Content::Inert(reason);
        }
        edits.extend(edit::read(parsed));
        // Code of which nothing is recognised is known all the same: it is not what it is not.
        return Content::Known(edits);
    }
    if edits.is_empty() { Content::Unknown } else { Content::Known(edits) }
}

/// Edits that an entry states without a diff: a value before and after, or the sort of change itself.
fn stated(change: &Change) -> Vec<Edit> {
    use Effect::*;
    let mut out = Vec::new();
    let (from, to) = (change.from.as_deref().unwrap_or(""), change.to.as_deref().unwrap_or(""));
    let name = change
        .summary
        .split(|c: char| c.is_whitespace() || matches!(c, ':' | '=' | ','))
        .find(|w| w.len() > 3 && (w.contains(['_', '-', '.']) || w.chars().skip(1).any(char::is_uppercase)));
    match change.kind {
        ChangeKind::Config if !from.is_empty() || !to.is_empty() => {
            // What was set stands in the summary, unless the values carry it themselves.
            let (key_from, from) = from.split_once('=').unwrap_or(("", from));
            let (key_to, to) = to.split_once('=').unwrap_or(("", to));
            let mut words = knob::parts(name.unwrap_or(&change.summary));
            words.extend(knob::parts(key_from).into_iter().chain(knob::parts(key_to)));
            let outcome = knob::outcome(&words, from, to);
            let mut edit = Edit::new(
                Sort::Value,
                format!(
                    "sets {} from {} to {}",
                    edit::short(name.unwrap_or("a setting")),
                    edit::short(from),
                    edit::short(to)
                ),
                &outcome.effects,
            )
            .naming(name)
            .naming([from, to]);
            (edit.below, edit.delayed) = (outcome.below, outcome.delayed);
            out.push(edit);
        }
        ChangeKind::Scale => {
            let mut words = knob::parts(&change.summary);
            words.push("replicas".to_owned());
            let outcome = knob::outcome(&words, from, to);
            let what = format!(
                "scales {} from {} to {}",
                edit::short(&change.component),
                edit::short(from),
                edit::short(to)
            );
            let mut edit = Edit::new(Sort::Value, what, &outcome.effects);
            edit.below = outcome.below;
            out.push(edit);
        }
        ChangeKind::Migration => out.push(
            Edit::new(
                Sort::Schema,
                format!("migrates the schema ({})", edit::short(&change.summary)),
                &[(Schema, 0.8), (Lock, 0.8), (Database, 0.6), (Missing, 0.3), (Timeout, 0.4), (Slow, 0.4)],
            )
            .naming(migrated(&change.summary)),
        ),
        ChangeKind::Certificate => {
            let mut edit = Edit::new(
                Sort::Value,
                format!("replaces a certificate ({})", edit::short(&change.summary)),
                &[(Certificate, 1.0), (Unreachable, 0.5), (Access, 0.4)],
            );
            edit.delayed = true;
            out.push(edit);
        }
        ChangeKind::Node => out.push(Edit::new(
            Sort::Other,
            format!("changes a machine ({})", edit::short(&change.summary)),
            &[
                (Unreachable, 0.8),
                (Crash, 0.6),
                (Cpu, 0.6),
                (Memory, 0.5),
                (Disk, 0.5),
                (Load, 0.5),
                (Timeout, 0.5),
                (Slow, 0.5),
                (Errors, 0.5),
            ],
        )),
        ChangeKind::Schedule => {
            let mut edit = Edit::new(
                Sort::Other,
                format!("starts something at a set time ({})", edit::short(&change.summary)),
                &[
                    (Load, 0.8),
                    (Database, 0.8),
                    (Cpu, 0.8),
                    (Lock, 0.7),
                    (Memory, 0.6),
                    (Disk, 0.6),
                    (Queue, 0.6),
                    (Slow, 0.5),
                ],
            );
            (edit.below, edit.delayed) = (true, true);
            out.push(edit);
        }
        ChangeKind::Config | ChangeKind::Deploy | ChangeKind::Flag | ChangeKind::Commit => {}
    }
    out
}

/// What a migration's summary says that it changes: `drop column colour` changes `colour`.
fn migrated(summary: &str) -> Vec<&str> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let words: Vec<&str> = summary.split(|c: char| !is_name(c)).filter(|w| !w.is_empty()).collect();
    let sort = |w: &str| {
        ["column", "table", "index", "constraint", "view", "field", "enum"]
            .contains(&w.to_lowercase().as_str())
    };
    let filler = |w: &str| ["if", "not", "exists", "the", "on", "of"].contains(&w.to_lowercase().as_str());
    let named = |i: usize| words[i + 1..].iter().copied().find(|w| !filler(w));
    (0..words.len())
        .filter(|i| sort(words[*i]))
        .filter_map(named)
        .filter(|w| w.len() > 2 && !sort(w))
        .collect()
}

fn changed_words(
    entries: &[&Change],
    parsed: &[FileDiff<'_>],
    files: &BTreeSet<String>,
    content: &Content,
) -> BTreeSet<String> {
    let mut text = String::new();
    for line in parsed.iter().flat_map(|f| &f.hunks).flat_map(|h| &h.lines) {
        if line.side != diff::Side::Context {
            text.push_str(super::lines::bare(line.text));
            text.push(' ');
        }
    }
    for file in files {
        text.push_str(file);
        text.push(' ');
    }
    // What people write about a change describes it; it counts only where the change itself is not known.
    if matches!(content, Content::Unknown) || parsed.is_empty() {
        for e in entries {
            text.push_str(&e.summary);
            text.push(' ');
            text.push_str(e.to.as_deref().unwrap_or(""));
            text.push(' ');
        }
    }
    words::words(&text)
}

/// All components that something is known of.
fn components(case: &Case<'_>) -> BTreeSet<String> {
    let mut out: BTreeSet<String> = case.instrumented.clone();
    out.extend(case.features.iter().map(|f| f.component.clone()));
    out.extend(
        case.t.changes.iter().filter(|c| !c.component.is_empty()).map(|c| case.names.resolve(&c.component)),
    );
    let mut raw: BTreeSet<&str> = BTreeSet::new();
    raw.extend(case.t.logs.iter().filter_map(names::of_line));
    out.extend(raw.into_iter().map(|c| case.names.resolve(c)));
    out.remove("");
    out
}

fn live(
    case: &Case<'_>,
    entries: &[&Change],
    files: &BTreeSet<String>,
    deploys: &[(String, i64)],
    known: &BTreeSet<String>,
) -> Vec<Live> {
    let mut out: BTreeSet<Live> = BTreeSet::new();
    for e in entries.iter().filter(|e| e.kind != ChangeKind::Commit || !e.component.is_empty()) {
        let component = case.names.resolve(&e.component);
        if e.component.is_empty() {
            continue;
        }
        if e.kind == ChangeKind::Commit {
            out.extend(carrier(&component, e.at.as_millisecond(), deploys));
        } else {
            out.insert(Live { component, at: e.at.as_millisecond(), carried: false });
        }
    }
    let Some(at) =
        entries.iter().filter(|e| e.kind == ChangeKind::Commit).map(|e| e.at.as_millisecond()).min()
    else {
        return out.into_iter().collect();
    };
    match owner(files, known) {
        Some(owner) => out.extend(carrier(&owner, at, deploys)),
        None if shared(files) => {
            let components: BTreeSet<&String> = deploys.iter().map(|d| &d.0).collect();
            out.extend(components.into_iter().filter_map(|c| carrier(c, at, deploys)));
        }
        None => {}
    }
    // A label says more than a guess.
    let labelled: BTreeSet<String> = out.iter().filter(|l| !l.carried).map(|l| l.component.clone()).collect();
    out.into_iter().filter(|l| !l.carried || !labelled.contains(&l.component)).collect()
}

/// The first deploy of a component since a commit.
fn carrier(component: &str, since: i64, deploys: &[(String, i64)]) -> Option<Live> {
    let at = deploys.iter().filter(|(c, at)| c == component && *at >= since).map(|(_, at)| *at).min()?;
    Some(Live { component: component.to_owned(), at, carried: true })
}

/// Files that lie outside any component's own folder: what several build with.
fn shared(files: &BTreeSet<String>) -> bool {
    let common = [
        "pkg", "lib", "libs", "internal", "common", "shared", "core", "packages", "vendor", "platform",
        "proto",
    ];
    files.iter().any(|f| {
        f.split('/').rev().skip(1).any(|p| common.contains(&p.to_lowercase().as_str())) || !f.contains('/')
    })
}

/// The one component whose folder holds files of the change.
pub(super) fn owner(files: &BTreeSet<String>, known: &BTreeSet<String>) -> Option<String> {
    let mut votes: BTreeMap<&String, usize> = BTreeMap::new();
    for file in files {
        let folders: Vec<String> = file.split('/').rev().skip(1).map(stem).filter(|f| f.len() >= 3).collect();
        for component in known {
            let name = stem(names::short(component));
            if folders.contains(&name) {
                *votes.entry(component).or_default() += 2;
            } else if folders.iter().any(|f| {
                f.len() >= 5 && name.len() >= 5 && (name.starts_with(f.as_str()) || f.starts_with(&name))
            }) {
                *votes.entry(component).or_default() += 1;
            }
        }
    }
    let most = votes.values().max().copied()?;
    let mut best = votes.into_iter().filter(|(_, n)| *n == most).map(|(c, _)| c);
    let first = best.next()?;
    best.next().is_none().then(|| first.clone())
}

/// A name without what all names end in: `search-service`, `searchservice` and `search` are one.
fn stem(name: &str) -> String {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    for ending in ["service", "svc", "server", "app"] {
        if let Some(rest) = plain.strip_suffix(ending).filter(|r| r.len() >= 3) {
            return rest.to_owned();
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(items: &[&str]) -> BTreeSet<String> {
        items.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn files_belong_to_the_component_whose_folder_they_lie_in() {
        let known = set(&["service/searchservice", "service/frontend", "service/recommendationservice"]);
        for (file, owner_is) in [
            ("services/search/index/mapping.go", Some("service/searchservice")),
            ("services/frontend/handler.go", Some("service/frontend")),
            ("services/recommend/main.go", Some("service/recommendationservice")),
            ("pkg/cache/config.go", None),
        ] {
            assert_eq!(owner(&set(&[file]), &known).as_deref(), owner_is, "{file}");
        }
        assert!(shared(&set(&["pkg/cache/config.go"])) && shared(&set(&["go.mod"])));
        assert!(!shared(&set(&["services/order/tax.go"])));
    }

    #[test]
    fn a_migration_names_what_it_changes() {
        assert_eq!(migrated("drop column colour"), ["colour"]);
        assert_eq!(
            migrated("ALTER TABLE shop.items ADD CONSTRAINT price_positive"),
            ["shop.items", "price_positive"]
        );
        assert_eq!(migrated("create index if not exists on orders"), ["orders"]);
        assert!(migrated("clean up").is_empty());
    }

    #[test]
    fn a_commit_goes_live_with_the_next_deploy_of_its_component() {
        let deploys =
            [("service/a".to_owned(), 10), ("service/a".to_owned(), 20), ("service/b".to_owned(), 12)];
        assert_eq!(carrier("service/a", 11, &deploys).map(|l| l.at), Some(20));
        assert_eq!(carrier("service/a", 21, &deploys), None);
    }
}
