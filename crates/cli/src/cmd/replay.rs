//! `firebell incident replay`: rebuilds an incident from its events and recorded evidence, and compares byte for byte
//! with what was stored when it happened.

use std::collections::{BTreeMap, BTreeSet};

use firebell_agents::{Recorded, evidence_of_round, verdict_of};
use firebell_core::evidence::evidence_id;
use firebell_core::ids::EffectKey;
use firebell_core::incident::{self, Event, EventRecord, Incident, Proof};
use firebell_core::policy::Policy;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::bundle::policy_of;
use crate::archive;
use crate::args::ServerArgs;
use crate::client::Client;
use crate::exit_code::ExitCode;
use crate::output::{self, Tone, paint};

/// One comparison.
struct Check {
    what: String,
    /// None where there is nothing to compare with; the detail says why.
    same: Option<bool>,
    detail: String,
}

/// The record, and what was stored in the transaction of its last event.
#[derive(Deserialize)]
struct Stored {
    records: Vec<EventRecord>,
    #[serde(default)]
    version: Option<u64>,
    #[serde(default)]
    proof: Option<Proof>,
    #[serde(default)]
    timers: Vec<StoredTimer>,
    #[serde(default)]
    effects: Vec<StoredEffect>,
}

#[derive(Deserialize)]
struct StoredTimer {
    key: String,
    due: Timestamp,
}

#[derive(Deserialize)]
struct StoredEffect {
    key: EffectKey,
    effect: Value,
}

pub(super) async fn run(server: &ServerArgs, id: &str) -> anyhow::Result<ExitCode> {
    let client = Client::of(server)?;
    let mut stored: Stored = client.read(&format!("/api/v1/incidents/{id}/record"), "").await?;
    // An incident that moved while it was read is compared as of the row that holds its proof.
    if let Some(version) = stored.version {
        stored.records.retain(|r| r.version <= version);
    }
    let records = std::mem::take(&mut stored.records);
    let Some(rebuilt) = incident::fold(&records) else {
        anyhow::bail!("the record of {id} does not begin with its opening")
    };
    let policy = policy_of(&client, &rebuilt).await?;
    let mut checks = vec![
        state(&rebuilt, stored.proof.as_ref(), records.len()),
        timers(&rebuilt, &policy, &stored),
        effects(&records, &stored),
    ];
    let (check, evidence) = evidence(&client, &rebuilt).await;
    checks.push(check);

    // Each verdict again, from the incident as it stood when it was asked for.
    let mut state: Option<Incident> = None;
    for record in &records {
        if let (Event::VerdictReached { round, verdict }, Some(before)) = (&record.event, &state) {
            let asked = before_synthesis(&records, *round).unwrap_or_else(|| before.clone());
            let parts = evidence_of_round(&asked, *round);
            let recorded = parts.iter().filter_map(|r| evidence.get(&r.id.0).cloned()).collect();
            let mut again = verdict_of(&asked, &policy, recorded);
            // How long it took then and how large the process was is no part of the answer.
            again.stats.wall_ms = verdict.stats.wall_ms;
            again.stats.peak_rss_bytes = verdict.stats.peak_rss_bytes;
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
        let evidence = evidence.into_values().collect();
        checks.extend(postmortem(&client, &records, &rebuilt, &policy, evidence).await?);
    }

    let all_same = checks.iter().all(|c| c.same != Some(false));
    if server.json {
        let list: Vec<Value> =
            checks.iter().map(|c| json!({ "what": c.what, "same": c.same, "detail": c.detail })).collect();
        output::json(&json!({ "incident": id, "same": all_same, "checks": list }));
    } else {
        for check in &checks {
            let mark = match check.same {
                Some(true) => paint(Tone::Good, "same     "),
                Some(false) => paint(Tone::Bad, "DIFFERENT"),
                None => paint(Tone::Dim, "unknown  "),
            };
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

/// The state folded from the events against the hash of the state that decisions were taken on.
fn state(rebuilt: &Incident, proof: Option<&Proof>, events: usize) -> Check {
    let now = incident::state_sha256(rebuilt);
    let (program, what) = (env!("CARGO_PKG_VERSION"), "state from events".to_owned());
    let Some(then) = proof else {
        let detail = format!("{events} events; no hash was stored with them by the program of then");
        return Check { what, same: None, detail };
    };
    let same = now == then.state_sha256;
    let hash = now.get(..16).unwrap_or(&now);
    let mut detail = format!("{events} events, SHA-256 {hash}…");
    if !same {
        let stored = then.state_sha256.get(..16).unwrap_or(&then.state_sha256);
        detail.push_str(&format!(" against {stored}… that firebell {} stored", then.program));
    }
    // Another version may know fields that this one does not, or write them in another form.
    let comparable = then.program == program;
    if !same && !comparable {
        detail.push_str(&format!("; this is firebell {program}, so it tells nothing"));
    }
    Check { what, same: (same || comparable).then_some(same), detail }
}

/// The timers that follow from the state against those that ran. One that has fired for nothing is taken out of the
/// store and not of the state.
fn timers(rebuilt: &Incident, policy: &Policy, stored: &Stored) -> Check {
    let what = "timers from state".to_owned();
    let there: BTreeMap<&str, Timestamp> = stored.timers.iter().map(|t| (t.key.as_str(), t.due)).collect();
    if stored.proof.as_ref().is_none_or(|p| p.policy_sha256 != rebuilt.policy_sha256) {
        let detail = format!("{} timers; the policy has changed since it was opened", there.len());
        return Check { what, same: None, detail };
    }
    let now = Timestamp::now();
    let wanted: BTreeMap<String, Timestamp> = incident::timers(rebuilt, policy)
        .into_iter()
        .map(|(key, due)| (key, to_microseconds(due)))
        .filter(|(key, due)| there.contains_key(key.as_str()) || *due > now)
        .collect();
    let differing: Vec<&str> = wanted
        .iter()
        .filter(|(key, due)| there.get(key.as_str()) != Some(due))
        .map(|(key, _)| key.as_str())
        .chain(there.keys().filter(|key| !wanted.contains_key(**key)).copied())
        .collect();
    let mut detail = format!("{} timers", there.len());
    if !differing.is_empty() {
        detail.push_str(&format!("; {} differ", differing.join(", ")));
    }
    Check { what, same: Some(differing.is_empty()), detail }
}

/// As stores keep times: never earlier than they are.
fn to_microseconds(at: Timestamp) -> Timestamp {
    let beyond = at.subsec_nanosecond().rem_euclid(1000);
    let up = if beyond == 0 { 0 } else { 1000 - beyond };
    at.checked_add(SignedDuration::from_nanos(i64::from(up))).unwrap_or(at)
}

/// The effects that the events ask for against those that were put in the outbox, under the same keys.
fn effects(records: &[EventRecord], stored: &Stored) -> Check {
    let mut state = None;
    let mut asked = BTreeMap::new();
    for record in records {
        incident::apply(&mut state, record);
        let Some(after) = &state else { continue };
        for (ordinal, effect) in incident::effects(after, record).into_iter().enumerate() {
            let key = EffectKey::of(&record.incident, record.version, ordinal);
            asked.insert(key, serde_json::to_value(effect).unwrap_or_default());
        }
    }
    let there: BTreeMap<&EffectKey, &Value> = stored.effects.iter().map(|e| (&e.key, &e.effect)).collect();
    let keys: BTreeSet<&EffectKey> = asked.keys().chain(there.keys().copied()).collect();
    let differing: Vec<&str> = keys
        .into_iter()
        .filter(|key| asked.get(*key) != there.get(*key).copied())
        .map(EffectKey::as_str)
        .collect();
    let mut detail = format!("{} effects", there.len());
    if let Some(first) = differing.first() {
        detail.push_str(&format!("; {} differ, the first is {first}", differing.len()));
    }
    Check { what: "effects from events".to_owned(), same: Some(differing.is_empty()), detail }
}

/// Every recorded result read again and hashed here; its id is made again from what was asked and answered.
async fn evidence(client: &Client, rebuilt: &Incident) -> (Check, BTreeMap<String, Recorded>) {
    let mut read = BTreeMap::new();
    let (mut size, mut wrong) = (0, Vec::new());
    for record in &rebuilt.evidence {
        let bytes = match client.bytes(&format!("/api/v1/blobs/{}", record.sha256)).await {
            Ok(bytes) => bytes,
            Err(error) => {
                wrong.push(format!("{} cannot be read: {error:#}", record.id));
                continue;
            }
        };
        size += bytes.len();
        let found = hex::encode(Sha256::digest(&bytes));
        if found != record.sha256 {
            wrong.push(format!("{} has the hash {found}, not {}", record.id, record.sha256));
            continue;
        }
        if evidence_id(&record.source, &record.query, record.window, &found) != record.id {
            wrong.push(format!("{} is the id of another query or result", record.id));
            continue;
        }
        match Recorded::decode(record.clone(), &bytes) {
            Ok(recorded) => {
                read.insert(record.id.0.clone(), recorded);
            }
            Err(error) => wrong.push(format!("{} cannot be understood: {error}", record.id)),
        }
    }
    let mut detail = format!("{} recorded queries, {size} bytes", rebuilt.evidence.len());
    if let Some(first) = wrong.first() {
        detail.push_str(&format!("; {} are not what was recorded: {first}", wrong.len()));
    }
    let check = Check { what: "evidence by hash".to_owned(), same: Some(wrong.is_empty()), detail };
    (check, read)
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
    Check { what: what.to_owned(), same: Some(same), detail }
}

async fn postmortem(
    client: &Client,
    records: &[EventRecord],
    rebuilt: &Incident,
    policy: &Policy,
    evidence: Vec<Recorded>,
) -> anyhow::Result<[Check; 2]> {
    // One that was asked for again and is not written yet is not the one on disk.
    let written = records.iter().rposition(|r| matches!(r.event, Event::PostmortemWritten { .. }));
    let records = archive::written_from(&records[..written.unwrap_or(records.len())]);
    let Some(state) = incident::fold(records) else { anyhow::bail!("the record of {} is empty", rebuilt.id) };
    // Evidence that came later is not in it.
    let evidence =
        evidence.into_iter().filter(|e| state.evidence.iter().any(|r| r.id == e.record.id)).collect();
    let telemetry = firebell_agents::assemble(&state, policy, evidence);
    let again = archive::postmortem(&state, records, &telemetry);
    let path = format!("/api/v1/incidents/{}/postmortem", rebuilt.id);
    let (markdown, html) =
        (client.bytes(&format!("{path}.md")).await?, client.bytes(&format!("{path}.html")).await?);
    Ok([
        compare("postmortem as Markdown", again.markdown.as_bytes(), &markdown, "text"),
        compare("postmortem as a page", again.html.as_bytes(), &html, "HTML with its charts"),
    ])
}
