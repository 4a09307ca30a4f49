//! `GET /api/v1/audit?actor=&action=&target=`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use firebell_core::audit::AuditEntry;

use crate::api::paging::Paging;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

const PAGING: Paging = Paging { field: "entries", usual: 100, most: 1000, sorts: &["-seq", "seq"] };
/// Read at once.
const CHUNK: usize = 1000;

/// Its declaration.
pub(crate) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/audit", "listAudit", list)
        .tag("People")
        .needs(Permission::Audit)
        .summary("The audit log, newest first")
        .about("Each entry carries the hash of the one before it; `firebell audit verify` checks the chain.")
        .query("actor", "By that person.", schema::up_to(254))
        .query("action", "Of that kind, such as account.create.", schema::up_to(64))
        .query("target", "About that account, session, token or incident.", schema::up_to(254));
    PAGING.declare(operation, schema::named("AuditEntry"))
}

/// Reads as far as the page needs.
pub(crate) async fn list(
    State(app): State<Shared>,
    _: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<u64>(&query)?;
    let wanted = ["actor", "action", "target"].map(|name| query.get(name).map(str::to_owned));
    let has = move |entry: &AuditEntry| {
        let act = [&entry.act.actor, &entry.act.action, &entry.act.target];
        wanted.iter().zip(act).all(|(wanted, is)| wanted.as_ref().is_none_or(|w| w == is))
    };
    let (office, limit, up) = (Arc::clone(&app.state.office), asked.limit, asked.sort == "seq");
    let after = asked.after;
    let rows = app
        .read(move |_| {
            let mut from = after.unwrap_or(if up { 0 } else { u64::MAX });
            let mut found = Vec::new();
            while found.len() <= limit {
                let page =
                    if up { office.audit_after(from, CHUNK)? } else { office.audit_before(from, CHUNK)? };
                let Some(last) = page.last() else { break };
                from = last.seq;
                found.extend(page.into_iter().filter(&has));
            }
            Ok(found)
        })
        .await?;
    Ok(PAGING.answer(&uri, &asked, rows, |entry| entry.seq))
}
