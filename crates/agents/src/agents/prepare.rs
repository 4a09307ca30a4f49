//! What all specialists do: one more look at the leading hypothesis, then typed plans. Each brings the metrics of its
//! field.

use std::collections::BTreeSet;

use firebell_core::agent::AgentTask;
use firebell_core::change::Change;
use firebell_core::evidence::Strength;
use firebell_core::ids::EvidenceId;
use firebell_core::incident::{AgentRun, Incident};
use firebell_core::ports::platform::ServiceState;
use firebell_core::severity::IncidentKind;
use firebell_core::telemetry::{LogLine, TelemetryPart, TopologyEdge, Window};
use firebell_core::verdict::{Hypothesis, Outcome, Verdict};
use jiff::SignedDuration;

use super::words::{leader, not_mine};
use crate::plan::{Attempts, Situation, TRIED, attempts, plans};
use crate::run::{Run, clip};
use crate::tools::{
    cluster_state, get_traces, list_changes, metrics_named, platform_state, propose_action, search_logs,
};

/// What a specialist looks at.
pub(super) struct Look {
    /// Parts of names of metrics.
    pub(super) metrics: &'static [&'static str],
    /// Traces too.
    pub(super) traces: bool,
    /// Sign-in records of all components.
    pub(super) sign_ins: bool,
}

/// Log lines of the component in question.
const LOGS: usize = 2000;
/// Sign-in records.
pub(super) const SIGN_INS: usize = 20_000;
/// Traces of the component in question.
const TRACES: usize = 50;

/// Phase 3-4 of a specialist.
pub(super) async fn prepare(run: &mut Run, look: &Look) -> Result<(), String> {
    let AgentTask::Prepare { round } = run.input.task else { return not_mine(run) };
    let Some(verdict) = run.incident().verdict.clone() else {
        return Err("there is no verdict to prepare plans for".to_owned());
    };
    // Where the evidence does not settle the cause, options are prepared for what ranks highest.
    let unsettled =
        || verdict.hypotheses.first().filter(|_| verdict.verdict == Outcome::InsufficientEvidence);
    let Some(h) = leader(run.incident()).or_else(unsettled).cloned() else {
        run.claim(
            "no cause was named, so there is nothing to mitigate",
            Vec::new(),
            Strength::Inconclusive,
            None,
        );
        return Ok(());
    };
    if unlooked_attack(run.incident(), &h) {
        let text = format!(
            "{} at {} was named before the sign-in records were looked at, and an attack is under way by now: \
             nothing is proposed on it; the next round looks at both",
            h.cause, h.component
        );
        run.step("plan", clip(&text, 200));
        run.gap(text.clone());
        run.claim(text, Vec::new(), Strength::Inconclusive, None);
        return Ok(());
    }
    let name = h.component.rsplit('/').next().unwrap_or(&h.component).to_owned();
    let half = SignedDuration::from_secs((run.policy().times.baseline_s / 2).max(10));
    let recent = Window { start: run.input.now - half, end: run.input.now };
    metrics_named(run, recent, |n| look.metrics.iter().any(|m| n.to_ascii_lowercase().contains(m))).await;
    search_logs(run, recent, Some(name.clone()), LOGS).await;
    if look.traces {
        get_traces(run, recent, Some(name), TRACES).await;
    }
    let window = run.window(round);
    list_changes(run, window).await;
    if look.sign_ins {
        search_logs(run, window, None, SIGN_INS).await;
    }
    let (services, state_ids) = platform_state(run).await;
    // A platform may say more as a source than the typed state holds: standbys, for one.
    cluster_state(run, recent).await;
    validate(run, &h, &services, &state_ids);
    let found = if look.sign_ins { sign_ins(run) } else { Attempts::default() };
    propose(run, &verdict, &services, &state_ids, &found.compromised);
    Ok(())
}

/// The incident became one of security after the round that named this cause had begun: nobody who knows attacks took
/// part in it, and what moved may be the attack's work.
fn unlooked_attack(incident: &Incident, h: &Hypothesis) -> bool {
    let round = incident.verdict_round;
    let looked = |r: &AgentRun| r.agent == "security-analyzer" && r.task == AgentTask::Investigate { round };
    incident.kind == IncidentKind::Security
        && incident.facts.breach == Some(true)
        && !h.cause.starts_with("security.")
        && !incident.runs.values().any(looked)
}

/// Sign-in records among what was gathered, and the claim about them.
pub(super) fn sign_ins(run: &mut Run) -> Attempts {
    let lines: Vec<LogLine> = run
        .held
        .iter()
        .filter_map(|h| match &h.part {
            TelemetryPart::Logs(lines) => Some(lines.iter().cloned()),
            _ => None,
        })
        .flatten()
        .collect();
    let found = attempts(lines.iter());
    let ids = run.ids_of(|p| matches!(p, TelemetryPart::Logs(_)));
    if found.records == 0 {
        run.gap("no sign-in records were found in the logs; send the authentication log to a log source");
    } else if found.hostile.is_empty() {
        let text = format!("{} sign-in records show no address that walks a list of accounts", found.records);
        run.claim(text, ids, Strength::Moderate, None);
    } else {
        let text = format!(
            "{} addresses tried {} accounts and were refused {} times; accounts entered: {}",
            found.hostile.len(),
            found.tried,
            found.refused,
            if found.compromised.is_empty() {
                "none".to_owned()
            } else {
                found.compromised.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
            }
        );
        run.claim(clip(&text, 1000), ids, Strength::Strong, None);
    }
    found
}

/// Does what the hypothesis says still hold?
fn validate(run: &mut Run, h: &Hypothesis, services: &[ServiceState], state_ids: &[EvidenceId]) {
    let mut shown = Vec::new();
    let mut ids: BTreeSet<EvidenceId> = BTreeSet::new();
    let mut gone = Vec::new();
    for evidence in &h.evidence {
        let Some(selector) = evidence.query.strip_prefix("metric ") else { continue };
        for held in &run.held {
            let TelemetryPart::Series(series) = &held.part else { continue };
            if let Some(last) = series.iter().find(|s| s.selector() == selector).and_then(|s| s.points.last())
            {
                shown.push(format!("{} is at {:.3}", clip(selector, 80), last.1));
                ids.insert(held.record.id.clone());
            }
        }
    }
    let since = run.impact_start();
    let mut errors = 0;
    for held in &run.held {
        if let TelemetryPart::Logs(lines) = &held.part {
            let here = lines.iter().filter(|l| l.at.is_some_and(|at| at >= since) && failed(l)).count();
            errors += here;
            if here > 0 {
                ids.insert(held.record.id.clone());
            }
        }
    }
    if errors > 0 {
        shown.push(format!("{errors} error lines since the impact began"));
    }
    let blamed = changes(run).into_iter().find(|c| {
        h.change.as_deref().is_some_and(|k| c.id == k || c.commit.as_deref() == Some(k)) && c.to.is_some()
    });
    let short = h.component.rsplit('/').next().unwrap_or(&h.component);
    if let Some(change) = blamed
        && let Some(state) = services.iter().find(|s| s.component == h.component || s.name == short)
        && change.kind == firebell_core::change::ChangeKind::Deploy
    {
        let to = change.to.unwrap_or_default();
        if state.version == to {
            shown.push(format!("{} still runs the blamed version {to}", state.name));
        } else {
            gone.push(format!("{} runs {} by now, not the blamed {to}", state.name, state.version));
        }
        ids.extend(state_ids.iter().cloned());
    }
    let ids: Vec<EvidenceId> = ids.into_iter().collect();
    let what = format!("{} at {}", h.cause, h.component);
    if shown.is_empty() {
        let text = format!("a closer look at {what} neither confirms nor refutes it");
        run.claim(text, ids, Strength::Inconclusive, Some(h.component.clone())).ruled_out = gone;
    } else {
        shown.truncate(4);
        let text = format!("a closer look at {what} confirms it: {}", shown.join("; "));
        let strength = if gone.is_empty() { Strength::Moderate } else { Strength::Weak };
        run.claim(text, ids, strength, Some(h.component.clone())).ruled_out = gone;
    }
}

fn failed(line: &LogLine) -> bool {
    matches!(line.level.as_deref(), Some("error" | "fatal" | "critical"))
}

fn changes(run: &Run) -> Vec<Change> {
    let parts = run.held.iter().filter_map(|h| match &h.part {
        TelemetryPart::Changes(c) => Some(c.iter().cloned()),
        _ => None,
    });
    parts.flatten().collect()
}

/// What platforms say of their services, as they say it.
fn raw_services(run: &Run) -> Vec<serde_json::Value> {
    let parts = run.held.iter().filter_map(|h| match &h.part {
        TelemetryPart::Objects(o) => Some(o.iter()),
        _ => None,
    });
    let services = parts.flatten().filter(|o| o.object.get("kind").is_some_and(|k| k == "PlatformService"));
    services.filter_map(|o| o.object.get("spec").cloned()).collect()
}

fn propose(
    run: &mut Run,
    verdict: &Verdict,
    services: &[ServiceState],
    state_ids: &[EvidenceId],
    compromised: &BTreeSet<String>,
) {
    let changes = changes(run);
    let path = verdict.hypotheses.iter().flat_map(|h| &h.path);
    let topology: Vec<TopologyEdge> = path
        .map(|p| TopologyEdge { caller: p.to.clone(), callee: p.from.clone(), kind: String::new() })
        .collect();
    let raw = raw_services(run);
    let situation = Situation {
        raw: &raw,
        incident: run.incident(),
        policy: run.policy(),
        verdict,
        services,
        changes: &changes,
        topology: &topology,
        compromised,
        agent: run.agent(),
        now: run.now(),
    };
    let (options, left_out) = plans(&situation);
    let exhausted = options.is_empty() && left_out.iter().any(|why| why.ends_with(TRIED));
    for why in left_out.iter().take(12) {
        run.step("plan", format!("left out: {}", clip(why, 200)));
    }
    // Why an action is not offered is no lack of sight: people read it as a finding, nobody has a gap to close.
    if options.is_empty() && !left_out.is_empty() && !services.is_empty() {
        let why = left_out.iter().take(4).map(|w| clip(w, 200)).collect::<Vec<_>>().join("; ");
        run.claim(format!("no plan can be made: {why}"), state_ids.to_vec(), Strength::Weak, None);
    }
    if exhausted {
        // People decide from here; they have to be told what is left to them.
        let text = "all that the platform offers against the causes named was tried in this incident: a person has \
                    to mend it by other means, or give the platform another action";
        run.gap(text);
        run.claim(text, state_ids.to_vec(), Strength::Moderate, None);
    }
    for plan in options {
        propose_action(run, plan);
    }
}
