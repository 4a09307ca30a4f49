//! The schemas that operations share. Tests hold every answer against them.

use serde_json::{Map, Value, json};

use super::schema::{
    count, flag, growing, list, map, may, named, need, object, one_of, or_null, text, time, whole,
};
use crate::problem::CODES;

/// Severities, worst first.
pub(crate) const SEVERITIES: [&str; 4] = ["SEV1", "SEV2", "SEV3", "SEV4"];
/// Kinds of incidents.
pub(crate) const KINDS: [&str; 5] = ["availability", "performance", "security", "data", "other"];
/// Audiences of updates.
pub(crate) const AUDIENCES: [&str; 4] = ["internal", "public", "support", "executives"];
/// Kinds of timeline entries.
pub(crate) const ENTRY_KINDS: [&str; 13] = [
    "alert",
    "severity",
    "people",
    "agent",
    "finding",
    "verdict",
    "mitigation",
    "update",
    "clock",
    "note",
    "said",
    "detail",
    "state",
];
const STATUSES: [&str; 8] = [
    "investigating",
    "identified",
    "mitigating",
    "monitoring",
    "resolved",
    "closed_healthy",
    "cancelled",
    "merged",
];
const PHASES: [&str; 6] = ["assess", "command", "investigate", "mitigate", "verify", "learn"];

/// An action item's issue in a tracker.
fn tracking() -> Value {
    growing(&[
        need("tracker", text()),
        need("asked_at", time()),
        may("issue", growing(&[need("id", text()), need("key", text()), need("url", text())])),
        may("closed", flag()),
        may("lost", text()),
        may("unseen", text()),
    ])
}

/// All of them, by name.
pub(super) fn all() -> Map<String, Value> {
    let mut all = Map::new();
    for (name, schema) in [
        ("Problem", problem()),
        ("Health", object(&[need("status", one_of(&["ok"]))])),
        ("IncidentSummary", summary()),
        ("Incident", incident()),
        ("IncidentView", view()),
        ("Entry", entry()),
        ("StreamedEntry", streamed()),
        ("Timer", object(&[need("key", text()), need("due", time())])),
        ("Written", written(&[])),
        ("Resolved", written(&[need("still_firing", list(text()))])),
        ("Told", written(&[need("remarks", list(text()))])),
        ("Record", record()),
        ("Verdict", verdict()),
        ("Account", crate::api::people::account_schema()),
        ("Session", session()),
        ("Token", crate::api::tokens::token_schema()),
        ("AuditEntry", audit_entry()),
        ("Webhook", crate::api::webhooks::webhook_schema()),
        ("Delivery", crate::api::webhooks::delivery_schema()),
        ("Alert", alert()),
        ("Matcher", matcher()),
        ("Silence", silence()),
        ("Maintenance", maintenance()),
        ("Schedule", crate::api::schedules::schedule_schema()),
        ("ScheduleView", crate::api::schedules::schedule_view_schema()),
        ("Override", crate::api::overrides::override_schema()),
        ("CalendarFeed", crate::api::calendar_feeds::feed_schema()),
        ("Change", change()),
        ("Effect", effect()),
        ("Agent", agent()),
        ("Service", crate::api::services::service_schema()),
        ("ServiceView", crate::api::services::service_view_schema()),
        ("PostmortemHit", crate::api::postmortems::hit_schema()),
        ("Trends", crate::api::reports::trends_schema()),
        ("PushDevice", crate::api::push_devices::device_schema()),
        ("WeeklyReport", weekly()),
    ] {
        all.insert(name.to_owned(), schema);
    }
    all
}

fn problem() -> Value {
    let codes: Vec<&str> = CODES.iter().map(|c| c.code).collect();
    let rejected = object(&[need("index", count()), need("field", text()), need("reason", text())]);
    object(&[
        need("type", json!({"type": "string", "format": "uri"})),
        need("title", text()),
        need("status", whole(400, 599)),
        need("detail", text()),
        may("field", text()),
        need("code", one_of(&codes)),
        need("hint", text()),
        may("accepted", count()),
        may("rejected", list(rejected)),
    ])
}

fn summary() -> Value {
    let proof =
        object(&[need("state_sha256", text()), need("policy_sha256", text()), need("program", text())]);
    growing(&[
        need("id", text()),
        need("version", count()),
        need("proof", or_null(proof)),
        need("title", text()),
        need("severity", one_of(&SEVERITIES)),
        need("severity_rule", text()),
        need("kind", one_of(&KINDS)),
        need("status", one_of(&STATUSES)),
        need("phase", one_of(&PHASES)),
        need("services", list(text())),
        need("cause", or_null(text())),
        need("commander", or_null(text())),
        need("restricted", flag()),
        need("drill", flag()),
        need("open", flag()),
        need("active", flag()),
        need("waits_for_approval", flag()),
        need("opened_at", time()),
        need("acknowledged_at", or_null(time())),
        need("resolved_at", or_null(time())),
        need("updated_at", time()),
        need("alerts", count()),
        need("dead_effects", count()),
        need("resolve_by", or_null(time())),
        need("open_items", count()),
        need("told_public", flag()),
    ])
}

fn incident() -> Value {
    let severity = growing(&[
        need("severity", one_of(&SEVERITIES)),
        need("rule", text()),
        need("because", text()),
        need("by", json!({})),
    ]);
    growing(&[
        need("id", text()),
        need("version", count()),
        need("policy_sha256", text()),
        need("title", text()),
        need("report", text()),
        need("kind", one_of(&KINDS)),
        need("severity", severity),
        need("services", list(text())),
        need("restricted", flag()),
        need("drill", flag()),
        need("phase", one_of(&PHASES)),
        need("phase_deadline", time()),
        need("status", one_of(&STATUSES)),
        need("impact_started_at", or_null(time())),
        need("opened_at", time()),
        need("acknowledged_at", or_null(time())),
        need("resolve_by", or_null(time())),
        need("mitigated_at", or_null(time())),
        need("resolved_at", or_null(time())),
        need("closed_at", or_null(time())),
        need(
            "alerts",
            map(growing(&[need("fingerprint", text()), need("name", text()), need("firing", flag())])),
        ),
        need("roles", map(json!({}))),
        need("tasks", map(growing(&[need("text", text())]))),
        need(
            "evidence",
            list(growing(&[need("id", text()), need("source", text()), need("sha256", text())])),
        ),
        need("verdict", or_null(named("Verdict"))),
        need("plans", list(growing(&[need("hash", text())]))),
        need("updates", list(growing(&[need("audience", one_of(&AUDIENCES)), need("subject", text())]))),
        need("action_items", map(growing(&[may("tracking", tracking())]))),
        need("dead_effects", map(text())),
        need("merged_into", or_null(text())),
    ])
}

fn view() -> Value {
    object(&[
        need("incident", named("Incident")),
        need("timeline", list(named("Entry"))),
        need("timers", list(named("Timer"))),
        need("times", json!({"type": "object", "description": "The six measured times, in seconds."})),
    ])
}

fn entry() -> Value {
    object(&[
        need("at", time()),
        need("version", whole(1, i64::MAX)),
        need("who", text()),
        need("kind", one_of(&ENTRY_KINDS)),
        need("text", text()),
    ])
}

fn streamed() -> Value {
    object(&[
        need("position", count()),
        need("incident", text()),
        need("entry", named("Entry")),
        need("type", text()),
    ])
}

fn written(more: &[super::schema::Field]) -> Value {
    let mut schema =
        object(&[need("id", text()), need("version", count()), need("events", list(named("Entry")))]);
    let more = object(more);
    for part in ["properties", "required"] {
        match (schema.get_mut(part), more.get(part)) {
            (Some(Value::Object(all)), Some(Value::Object(more))) => all.extend(more.clone()),
            (Some(Value::Array(all)), Some(Value::Array(more))) => all.extend(more.iter().cloned()),
            _ => {}
        }
    }
    schema
}

fn record() -> Value {
    let event = growing(&[
        need("incident", text()),
        need("version", whole(1, i64::MAX)),
        need("at", time()),
        need("actor", json!({})),
        need("event", growing(&[need("type", text())])),
    ]);
    let effect = object(&[
        need("key", text()),
        need("effect", growing(&[need("effect", text())])),
        need("state", one_of(&["waiting", "leased", "done", "dead"])),
        need("attempts", count()),
    ]);
    object(&[
        need("records", list(event)),
        need("version", or_null(count())),
        need("proof", json!({"type": ["object", "null"]})),
        need("timers", list(named("Timer"))),
        need("effects", list(effect)),
    ])
}

fn verdict() -> Value {
    let hypothesis = growing(&[
        need("rank", whole(1, 1_000_000)),
        need("component", text()),
        need("cause", text()),
        need("mechanism", text()),
        need("confidence", json!({"type": "number", "minimum": 0, "maximum": 1})),
        need("path", list(json!({"type": "object"}))),
        need("evidence", list(json!({"type": "object"}))),
        need("against", list(json!({"type": "object"}))),
        need("mitigations", list(json!({"type": "object"}))),
    ]);
    growing(&[
        need("format", one_of(&["firebell-verdict/1"])),
        need("verdict", one_of(&["cause", "healthy", "recovered", "insufficient_evidence"])),
        need("onset", or_null(time())),
        need("hypotheses", list(hypothesis)),
        need("gaps", list(text())),
        need("stats", json!({"type": "object"})),
    ])
}

fn alert() -> Value {
    growing(&[
        need("fingerprint", text()),
        need("source", text()),
        need("labels", map(text())),
        need("annotations", map(text())),
        need("firing", flag()),
        need("acknowledged", flag()),
        need("starts_at", time()),
        need("ends_at", or_null(time())),
        need("first_seen", time()),
        need("last_seen", time()),
        need("count", count()),
        need("turns", list(time())),
        need("service", or_null(text())),
        need("incident", or_null(text())),
        need("silenced_by", list(text())),
        need("inhibited_by", list(text())),
    ])
}

fn matcher() -> Value {
    object(&[
        need("name", super::schema::filled(1024)),
        need("value", text()),
        may("isRegex", flag()),
        may("isEqual", flag()),
    ])
}

fn silence() -> Value {
    growing(&[
        need("id", text()),
        need("status", object(&[need("state", one_of(&["active", "pending", "expired"]))])),
        need("createdBy", text()),
        need("comment", text()),
        need("startsAt", time()),
        need("endsAt", time()),
        need("updatedAt", time()),
        need("matchers", list(named("Matcher"))),
    ])
}

fn maintenance() -> Value {
    let stages = one_of(&["scheduled", "in_progress", "verifying", "completed", "cancelled"]);
    let update = growing(&[
        need("at", time()),
        need("by", text()),
        need("body", text()),
        need("status", stages.clone()),
    ]);
    growing(&[
        need("id", text()),
        need("title", text()),
        need("description", text()),
        need("components", list(text())),
        need("starts_at", time()),
        need("ends_at", time()),
        need("status", stages),
        need("began_at", or_null(time())),
        need("ended_at", or_null(time())),
        need("updates", list(update)),
        need("created_by", text()),
        need("created_at", time()),
    ])
}

fn change() -> Value {
    let kinds =
        ["deploy", "config", "flag", "scale", "migration", "certificate", "node", "schedule", "commit"];
    growing(&[
        need("id", text()),
        need("at", time()),
        need("kind", one_of(&kinds)),
        need("component", text()),
        need("summary", text()),
        may("from", text()),
        may("to", text()),
        may("by", text()),
        may("source", text()),
        may("commit", text()),
        may("diff", text()),
        may("files", list(text())),
    ])
}

fn effect() -> Value {
    object(&[
        need("key", text()),
        need("incident", text()),
        need("effect", growing(&[need("effect", text())])),
        need("state", one_of(&["waiting", "leased", "done", "dead"])),
        need("attempts", count()),
        need("next_at", time()),
        need("fence", count()),
        need("last_error", or_null(text())),
        need("created_at", time()),
    ])
}

fn agent() -> Value {
    growing(&[
        need("name", text()),
        need("purpose", text()),
        need("phases", list(whole(1, 6))),
        need("tools", list(text())),
        need("tier", json!({"type": "object"})),
    ])
}

fn weekly() -> Value {
    let line = || list(json!({"type": "object"}));
    growing(&[
        need("from", time()),
        need("to", time()),
        need("incidents", list(text())),
        need("false_alarms", list(text())),
        need("healthy", list(text())),
        need("by_severity", line()),
        need("times", line()),
        need("times_by_severity", line()),
        need("times_by_service", line()),
        need("times_by_cause", line()),
        need("top_causes", line()),
        need("cause_unknown", list(text())),
        need("repeats", line()),
        need("repeat_share", json!({"type": ["number", "null"]})),
        need("action_items", json!({"type": "object"})),
        need("flagged", map(list(text()))),
    ])
}

fn session() -> Value {
    growing(&[
        need("id", text()),
        need("person", text()),
        need("via", one_of(&["password", "oidc", "token"])),
        need("begun_at", time()),
        need("used_at", time()),
        need("agent", text()),
        need("address", text()),
    ])
}

fn audit_entry() -> Value {
    growing(&[
        need("seq", count()),
        need("at", time()),
        need("actor", text()),
        need("action", text()),
        need("target", text()),
        need("prev", text()),
        need("hash", text()),
    ])
}
