//! `firebell incident …`.

use firebell_core::incident::{Entry, Incident, PlanStatus, Summary};
use serde_json::{Value, json};

use crate::args::{IncidentCommand, ServerArgs, YesNo};
use crate::client::Client;
use crate::exit_code::{ExitCode, coded};
use crate::follow;
use crate::output::{self, Tone, paint};

pub(super) async fn run(command: IncidentCommand) -> anyhow::Result<ExitCode> {
    use IncidentCommand as C;
    match command {
        C::List { all, text, service, limit, server } => list(&server, all, text, service, limit).await,
        C::Show { id, follow, server } => show(&server, &id, follow).await,
        C::Declare { title, report, services, severity, drill, server } => {
            let body = super::respond::declaration(&title, &report, &services, severity.as_deref(), drill);
            let answer = Client::of(&server)?.post("/api/v1/incidents", &body).await?;
            told(&server, &answer)
        }
        C::Ack { id, server } => act(&server, &id, "ack", json!({})).await,
        C::Room { id, chat, private, server } => {
            let private = private.map(|answer| answer == YesNo::Yes);
            act(&server, &id, "rooms", json!({ "chat": chat, "private": private })).await
        }
        C::Archive { id, chat, server } => act(&server, &id, "rooms/archive", json!({ "chat": chat })).await,
        C::Snooze { id, minutes, server } => act(&server, &id, "snooze", json!({ "minutes": minutes })).await,
        C::Handover { id, to, server } => {
            let fields =
                [("person", to.person), ("schedule", to.schedule), ("team", to.team), ("policy", to.policy)];
            let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
            act(&server, &id, "handover", Value::Object(given.collect())).await
        }
        C::Request { id, people, schedule, team, server } => {
            let body = json!({ "people": people, "schedules": schedule, "teams": team });
            act(&server, &id, "responders", body).await
        }
        C::Escalate { id, server } => act(&server, &id, "escalate", json!({})).await,
        C::Role { id, role, person, deputy, server } => {
            let verb = if deputy { "deputy" } else { "roles" };
            act(&server, &id, verb, json!({ "role": role, "person": person })).await
        }
        C::Decline { id, role, reason, server } => {
            act(&server, &id, "decline", json!({ "role": role, "reason": reason })).await
        }
        C::Note { id, text, server } => act(&server, &id, "notes", json!({ "text": text })).await,
        C::Kind { id, kind, restricted, server } => {
            let restricted = restricted.map(|answer| answer == YesNo::Yes);
            act(&server, &id, "kind", json!({ "kind": kind, "restricted": restricted })).await
        }
        C::Severity { id, severity, reason, server } => {
            act(&server, &id, "severity", json!({ "severity": severity.to_uppercase(), "reason": reason }))
                .await
        }
        C::Approve { id, plan, reject, reason, server } => approve(&server, &id, plan, reject, &reason).await,
        C::Resolve { id, summary, server } => {
            act(&server, &id, "resolve", json!({ "summary": summary })).await
        }
        C::Reopen { id, reason, server } => act(&server, &id, "reopen", json!({ "reason": reason })).await,
        C::Merge { id, into, server } => act(&server, &id, "merge", json!({ "into": into })).await,
        C::Cancel { id, reason, server } => act(&server, &id, "cancel", json!({ "reason": reason })).await,
        C::Postmortem { id, server } => act(&server, &id, "postmortem", json!({})).await,
        C::Replay { id, server } => super::replay::run(&server, &id).await,
    }
}

async fn act(server: &ServerArgs, id: &str, verb: &str, body: Value) -> anyhow::Result<ExitCode> {
    let answer = Client::of(server)?.post(&format!("/api/v1/incidents/{id}/{verb}"), &body).await?;
    told(server, &answer)
}

/// Prints what a write did.
fn told(server: &ServerArgs, answer: &Value) -> anyhow::Result<ExitCode> {
    if server.json {
        output::json(answer);
        return Ok(ExitCode::Ok);
    }
    let id = answer.get("id").and_then(Value::as_str).unwrap_or_default();
    let events: Vec<Entry> =
        answer.get("events").cloned().map(serde_json::from_value).transpose()?.unwrap_or_default();
    if events.is_empty() {
        output::line(&format!("{id}: nothing to do, it was so already"));
    }
    for entry in events {
        output::line(&format!("{id}: {}", output::clean(&entry.text)));
    }
    let firing: Vec<&str> = answer
        .get("still_firing")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if !firing.is_empty() {
        let names = output::clean(&firing.join(", "));
        output::line(&format!("still firing: {names}; Firebell looks at them until they stop"));
    }
    Ok(ExitCode::Ok)
}

async fn list(
    server: &ServerArgs,
    all: bool,
    text: Option<String>,
    service: Option<String>,
    limit: usize,
) -> anyhow::Result<ExitCode> {
    let mut path = format!("/api/v1/incidents?limit={limit}");
    if !all {
        path.push_str("&open=true");
    }
    for (name, value) in [("q", text), ("service", service)] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", percent(&value)));
        }
    }
    let answer = Client::of(server)?.get(&path).await?;
    if server.json {
        output::json(&answer);
        return Ok(ExitCode::Ok);
    }
    let incidents: Vec<Summary> =
        serde_json::from_value(answer.get("incidents").cloned().unwrap_or_default())?;
    if incidents.is_empty() {
        output::line(if all {
            "no incidents yet"
        } else {
            "no open incidents; --all shows those that are over"
        });
    }
    for i in incidents {
        output::line(&format!(
            "{} {} {:<14} {} {}",
            paint(Tone::Strong, i.id.as_str()),
            output::severity(i.severity),
            i.status.as_str(),
            output::clean(&i.title),
            paint(Tone::Dim, &i.commander.map(|c| format!("({c})")).unwrap_or_default()),
        ));
    }
    Ok(ExitCode::Ok)
}

async fn show(server: &ServerArgs, id: &str, follow: bool) -> anyhow::Result<ExitCode> {
    let client = Client::of(server)?;
    if follow {
        follow::follow(&client, id, follow::View { json: server.json, own: None }).await?;
        return Ok(ExitCode::Ok);
    }
    let answer = client.get(&format!("/api/v1/incidents/{id}")).await?;
    if server.json {
        output::json(&answer);
        return Ok(ExitCode::Ok);
    }
    let incident: Incident = serde_json::from_value(answer.get("incident").cloned().unwrap_or_default())?;
    let timeline: Vec<Entry> = serde_json::from_value(answer.get("timeline").cloned().unwrap_or_default())?;
    output::line(&follow::head(&incident, &client.url));
    output::line(&format!(
        "rule     {}: {}",
        incident.severity.rule,
        output::clean(&incident.severity.because)
    ));
    output::line(&firebell_report::phase_line(&incident, jiff::Timestamp::now()));
    for (role, holder) in &incident.roles {
        output::line(&format!(
            "{:<22} {}",
            role.replace('_', " "),
            holder.person.as_deref().unwrap_or("nobody")
        ));
    }
    if let Some(verdict) = &incident.verdict {
        for h in verdict.hypotheses.iter().take(3) {
            output::line(&format!(
                "{}. {} at {} ({:.0} %): {}",
                h.rank,
                paint(Tone::Strong, &h.cause),
                h.component,
                h.confidence * 100.0,
                output::clean(&h.mechanism)
            ));
        }
    }
    for plan in &incident.plans {
        output::line(&format!(
            "plan {} {:<10} {}",
            plan.hash,
            plan.status.as_str(),
            output::clean(&plan.plan.title)
        ));
    }
    for (n, item) in incident.action_items_in_order() {
        let state = if item.done_at.is_some() { "done" } else { "open" };
        let issue = item.tracking.as_ref().and_then(|tracking| tracking.issue.as_ref());
        let issue = issue.map(|issue| format!(" ({} {})", issue.key, issue.url)).unwrap_or_default();
        output::line(&format!(
            "item {n} {state:<5} {}{}",
            output::clean(&item.item.title),
            output::clean(&issue)
        ));
    }
    for entry in &timeline {
        output::line(&follow::line(entry, &incident));
    }
    Ok(ExitCode::Ok)
}

async fn approve(
    server: &ServerArgs,
    id: &str,
    plan: Option<String>,
    reject: bool,
    reason: &str,
) -> anyhow::Result<ExitCode> {
    let client = Client::of(server)?;
    let plan = match plan {
        Some(plan) => plan,
        None => {
            let incident: Incident = client.read(&format!("/api/v1/incidents/{id}"), "incident").await?;
            let waiting: Vec<_> =
                incident.plans.iter().filter(|p| p.status == PlanStatus::Proposed).collect();
            match waiting.as_slice() {
                [only] => only.hash.clone(),
                [] => return Err(coded(ExitCode::Conflict, format!("no plan of {id} waits for approval"))),
                several => {
                    let list: Vec<String> = several
                        .iter()
                        .map(|p| format!("  {} {}", p.hash, output::clean(&p.plan.title)))
                        .collect();
                    let text =
                        format!("several plans of {id} wait; name one by its hash:\n{}", list.join("\n"));
                    return Err(coded(ExitCode::Usage, text));
                }
            }
        }
    };
    let body = json!({ "plan": plan, "go": !reject, "reason": reason });
    let answer = client.post(&format!("/api/v1/incidents/{id}/decisions"), &body).await?;
    told(server, &answer)
}

/// Percent-encodes a query value.
pub(super) fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}
