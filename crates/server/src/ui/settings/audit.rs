//! `/settings/audit`: the audit log, newest first.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use firebell_core::audit::AuditEntry;
use serde::Serialize;
use serde_json::Value;

use super::tabs::{Tab, tabs};
use crate::auth::Permission;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::guard::Visitor;
use crate::ui::{pages, words};

/// Entries of one page.
const PAGE: usize = 100;
/// Entries that are looked through for a filter, at most.
const LOOKED_THROUGH: usize = 20_000;

#[derive(Debug, Serialize)]
struct View {
    tabs: Vec<Tab>,
    entries: Vec<Line>,
    words: String,
    /// Where the next page begins.
    older: Option<u64>,
    head: Option<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    seq: u64,
    at: jiff::Timestamp,
    day: String,
    actor: String,
    action: String,
    target: String,
    detail: String,
    hash: String,
}

/// The page.
pub(crate) async fn page(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    visitor.person.allowed(Permission::Audit)?;
    let before = query.read("before", "the number of an entry")?.unwrap_or(u64::MAX);
    let wanted = query.get("q").unwrap_or_default().to_owned();
    let office = std::sync::Arc::clone(&app.state.office);
    let asked = wanted.to_lowercase();
    let (entries, head) = app
        .read(move |_| {
            let (mut found, mut from, mut seen) = (Vec::new(), before, 0);
            while found.len() <= PAGE && seen < LOOKED_THROUGH {
                let page = office.audit_before(from, 500)?;
                let Some(last) = page.last() else { break };
                (from, seen) = (last.seq, seen + page.len());
                found.extend(page.into_iter().filter(|e| has(e, &asked)));
            }
            let head = office.audit_before(u64::MAX, 1)?.pop();
            Ok((found, head))
        })
        .await?;
    let older = entries.get(PAGE - 1).filter(|_| entries.len() > PAGE).map(|e| e.seq);
    let view = View {
        tabs: tabs(&visitor.person, "/settings/audit"),
        entries: entries.into_iter().take(PAGE).map(line).collect(),
        words: wanted,
        older,
        head: head.map(|h| h.hash),
    };
    pages::whole(&app, Some(&visitor), "settings_audit.html", StatusCode::OK, view)
}

fn has(entry: &AuditEntry, words: &str) -> bool {
    let act = &entry.act;
    words.is_empty()
        || [&act.actor, &act.action, &act.target].iter().any(|t| t.to_lowercase().contains(words))
}

fn line(entry: AuditEntry) -> Line {
    let act = entry.act;
    let detail = match &act.detail {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, v)| !v.is_null())
            .map(|(name, v)| format!("{name} {}", v.as_str().map_or_else(|| v.to_string(), str::to_owned)))
            .collect::<Vec<_>>()
            .join(" · "),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    Line {
        seq: entry.seq,
        at: entry.at,
        day: words::day(entry.at),
        actor: act.actor,
        action: act.action,
        target: act.target,
        detail,
        hash: entry.hash.chars().take(12).collect(),
    }
}
