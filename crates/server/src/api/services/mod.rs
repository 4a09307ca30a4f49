//! Services: what each is, how it does, what it has promised and what of that is left.

mod list;
mod show;

use std::sync::Arc;

use firebell_core::policy::Policy;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::spec::{Operation, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::archive::{self, Hurt};
use crate::ui::services::budget::{self, Budget};
use crate::ui::services::sum::{self, Sum, Sums};

/// Their declarations.
pub(super) fn operations() -> [Operation; 2] {
    [list::operation(), show::operation()]
}

/// Asks what is known of all services that a person may know of.
async fn ask<T: Send + 'static>(
    app: &Shared,
    person: Person,
    tell: impl FnOnce(&Sums<'_>, &Policy, Timestamp) -> T + Send + 'static,
) -> Result<T, Problem> {
    let now = app.now();
    let around = app.read(move |reader| sum::around(reader, now)).await?;
    let policy = Arc::clone(app.state.handle.policy());
    archive::look_whole(app, move |known| {
        tell(&sum::sums(known, &around, &policy, &person, now), &policy, now)
    })
    .await
}

/// A service as lists have it.
fn shown(name: &str, sum: &Sum<'_>, policy: &Policy, now: Timestamp) -> Value {
    let entry = sum.entry;
    let open: Vec<&str> = sum.cases.iter().filter(|c| c.row.open).map(|c| c.row.id.as_str()).collect();
    let hurts = sum.hurts();
    json!({
        "name": name,
        "component": sum.component(name),
        "aliases": entry.map(|e| e.aliases.as_slice()).unwrap_or_default(),
        "owner": entry.map(|e| e.owner.as_str()).filter(|o| !o.is_empty()),
        "catalogued": entry.is_some(),
        "customer_facing": entry.is_some_and(|e| e.customer_facing),
        "revenue": entry.is_some_and(|e| e.revenue),
        "state": sum.state().key(),
        "depends_on": sum.calls(policy),
        "open_incidents": open,
        "incidents": sum.counting().count(),
        "firing_alerts": sum.alerts.len(),
        "last_change_at": sum.changes.first().map(|c| c.at),
        "slo": sum.budget(now).map(|b| slo(&b, &hurts)),
        "latency_slo": entry.and_then(|e| e.slo_latency_p95_ms).map(|ms| json!({
            "p95_ms": ms,
            "days": budget::DAYS,
            "slow_s": budget::slow_s(&hurts, now),
        })),
    })
}

fn slo(b: &Budget, hurts: &[Hurt]) -> Value {
    let burn: Vec<Value> = b.burn.iter().map(|(hours, rate)| json!({"hours": hours, "rate": rate})).collect();
    json!({
        "objective": b.objective,
        "days": budget::DAYS,
        "allowed_s": b.allowed_s,
        "spent_s": b.spent_s,
        "left": b.left,
        "burn": burn,
        "estimated": hurts.iter().any(|h| !h.measured),
    })
}

/// Fields of a service that lists have.
fn fields() -> Vec<schema::Field> {
    let states = sum::State::ALL.map(sum::State::key);
    let number = || json!({"type": "number"});
    let burn = schema::object(&[
        schema::need("hours", schema::count()),
        schema::need(
            "rate",
            json!({"type": "number", "minimum": 0,
            "description": "1 spends the whole budget in `days`."}),
        ),
    ]);
    let slo = schema::growing(&[
        schema::need("objective", number()),
        schema::need("days", schema::count()),
        schema::need("allowed_s", number()),
        schema::need("spent_s", number()),
        schema::need(
            "left",
            json!({"type": "number", "maximum": 1,
            "description": "Share of the budget; negative where it is overspent."}),
        ),
        schema::need("burn", schema::list(burn)),
        schema::need(
            "estimated",
            json!({"type": "boolean",
            "description": "Some of what was spent is reckoned by severity; it was not measured."}),
        ),
    ]);
    let latency = schema::growing(&[
        schema::need("p95_ms", number()),
        schema::need("days", schema::count()),
        schema::need("slow_s", number()),
    ]);
    vec![
        schema::need("name", schema::text()),
        schema::need("component", schema::text()),
        schema::need("aliases", schema::list(schema::text())),
        schema::need("owner", schema::or_null(schema::text())),
        schema::need("catalogued", schema::flag()),
        schema::need("customer_facing", schema::flag()),
        schema::need("revenue", schema::flag()),
        schema::need("state", schema::one_of(&states)),
        schema::need("depends_on", schema::list(schema::text())),
        schema::need("open_incidents", schema::list(schema::text())),
        schema::need("incidents", schema::count()),
        schema::need("firing_alerts", schema::count()),
        schema::need("last_change_at", schema::or_null(schema::time())),
        schema::need("slo", schema::or_null(slo)),
        schema::need("latency_slo", schema::or_null(latency)),
    ]
}

/// A service's schema, as lists have it.
pub(super) fn service_schema() -> Value {
    schema::growing(&fields())
}

/// The schema of one service with what happened to it.
pub(super) fn service_view_schema() -> Value {
    let mut all = fields();
    all.extend([
        schema::need("depended_on_by", schema::list(schema::text())),
        schema::need("alerts", schema::list(schema::named("Alert"))),
        schema::need("recent_changes", schema::list(schema::named("Change"))),
        schema::need("recent_incidents", schema::list(schema::named("IncidentSummary"))),
    ]);
    schema::growing(&all)
}
