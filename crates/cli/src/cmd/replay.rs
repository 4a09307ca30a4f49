//! `firebell incident replay`: rebuilds an incident from its events and recorded evidence, and compares byte for byte.

use firebell_agents::{evidence_of_round, verdict_of};
use firebell_core::incident::{self, Event, EventRecord, Incident};
use serde_json::{Value, json};

use super::bundle::{evidence_of, policy_of};
use crate::archive;
use crate::args::ServerArgs;
use crate::client::Client;
use crate::exit_code::ExitCode;
use crate::output::{self, Tone, paint};

/// One comparison.
struct Check {
    what: String,
    same: bool,
    detail: String,
}

pub(super) async fn run(server: &ServerArgs, id: &str) -> anyhow::Result<ExitCode> {
    let client = Client::of(server)?;
    let path = format!("/api/v1/incidents/{id}");
    let stored: Value = client.read(&path, "incident").await?;
    let mut records: Vec<EventRecord> = client.read(&format!("{path}/record"), "records").await?;
    // What has happened between the two answers is not compared.
    let version = stored.get("version").and_then(Value::as_u64).unwrap_or(u64::MAX);
    records.retain(|r| r.version <= version);
    let mut checks = Vec::new();

    let rebuilt = incident::fold(&records);
    let now = serde_json::to_vec(&rebuilt)?;
    checks.push(compare(
        "state from events",
        &now,
        &serde_json::to_vec(&stored)?,
        &format!("{} events", records.len()),
    ));
    let Some(rebuilt) = rebuilt else { anyhow::bail!("the record of {id} does not begin with its opening") };

    let policy = policy_of(&client, &rebuilt).await?;
    let evidence = evidence_of(&client, &rebuilt).await?;
    let count = evidence.len();
    checks.push(Check {
        what: "evidence by hash".to_owned(),
        same: true,
        detail: format!("{count} recorded queries"),
    });

    // Each verdict again, from the incident as it stood when it was asked for.
    let mut state: Option<Incident> = None;
    for record in &records {
        if let (Event::VerdictReached { round, verdict }, Some(before)) = (&record.event, &state) {
            let asked = before_synthesis(&records, *round).unwrap_or_else(|| before.clone());
            let parts = evidence_of_round(&asked, *round);
            let recorded = parts.iter().filter_map(|r| evidence.get(&r.id.0).cloned()).collect();
            let mut again = verdict_of(&asked, &policy, recorded);
            again.stats = verdict.stats;
            let detail = format!("{} queries", parts.len());
            checks.push(compare(
                &format!("verdict of round {round}"),
                &serde_json::to_vec(&again)?,
                &serde_json::to_vec(verdict)?,
                &detail,
            ));
        }
        incident::apply(&mut state, record);
    }
    if rebuilt.postmortem.is_some() {
        checks
            .push(postmortem(&client, &records, &rebuilt, &policy, evidence.into_values().collect()).await?);
    }

    let all_same = checks.iter().all(|c| c.same);
    if server.json {
        let list: Vec<Value> =
            checks.iter().map(|c| json!({ "what": c.what, "same": c.same, "detail": c.detail })).collect();
        output::json(&json!({ "incident": id, "same": all_same, "checks": list }));
    } else {
        for check in &checks {
            let mark =
                if check.same { paint(Tone::Good, "same     ") } else { paint(Tone::Bad, "DIFFERENT") };
            output::line(&format!("{mark} {} ({})", check.what, check.detail));
        }
    }
    Ok(if all_same { ExitCode::Ok } else { ExitCode::Wanting })
}

/// The incident as the synthesis of a round saw it: when the effect that ran it was claimed, nothing but what was
/// recorded before its request can have been relevant.
fn before_synthesis(records: &[EventRecord], round: u32) -> Option<Incident> {
    let mut state = None;
    for record in records {
        incident::apply(&mut state, record);
        if let Event::AgentRequested { task, .. } = &record.event
            && *task == (firebell_core::agent::AgentTask::Synthesise { round })
        {
            return state;
        }
    }
    None
}

fn compare(what: &str, now: &[u8], then: &[u8], detail: &str) -> Check {
    let same = now == then;
    let mut detail = format!("{detail}, {} bytes", then.len());
    if !same {
        let at = now.iter().zip(then).position(|(a, b)| a != b).unwrap_or(now.len().min(then.len()));
        let around = |bytes: &[u8]| {
            String::from_utf8_lossy(
                &bytes[at.saturating_sub(40).min(bytes.len())..(at + 40).min(bytes.len())],
            )
            .into_owned()
        };
        detail.push_str(&format!("; differs at byte {at}: …{}… against …{}…", around(now), around(then)));
    }
    Check { what: what.to_owned(), same, detail }
}

async fn postmortem(
    client: &Client,
    records: &[EventRecord],
    rebuilt: &Incident,
    policy: &firebell_core::policy::Policy,
    evidence: Vec<firebell_agents::Recorded>,
) -> anyhow::Result<Check> {
    // One that was asked for again and is not written yet is not the one on disk.
    let written = records.iter().rposition(|r| matches!(r.event, Event::PostmortemWritten { .. }));
    let records = archive::written_from(&records[..written.unwrap_or(records.len())]);
    let Some(state) = incident::fold(records) else { anyhow::bail!("the record of {} is empty", rebuilt.id) };
    // Evidence that came later is not in it.
    let evidence =
        evidence.into_iter().filter(|e| state.evidence.iter().any(|r| r.id == e.record.id)).collect();
    let telemetry = firebell_agents::assemble(&state, policy, evidence);
    let again = archive::postmortem(&state, records, &telemetry);
    let then = client.bytes(&format!("/api/v1/incidents/{}/postmortem.md", rebuilt.id)).await?;
    Ok(compare("postmortem", again.markdown.as_bytes(), &then, "Markdown"))
}
