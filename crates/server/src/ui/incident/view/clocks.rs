//! Phases, deadlines and measured times.

use firebell_core::incident::{Incident, Phase, timers};
use firebell_core::policy::Policy;
use firebell_core::review::Times;
use jiff::Timestamp;
use serde::Serialize;

use crate::ui::words;

/// One of the six phases.
#[derive(Debug, Serialize)]
pub(super) struct PhaseStep {
    number: u8,
    title: &'static str,
    state: &'static str,
}

/// A deadline.
#[derive(Debug, Serialize)]
pub(super) struct ClockView {
    what: String,
    due: Timestamp,
    by: String,
    left: String,
    late: bool,
}

pub(super) fn phases(i: &Incident) -> Vec<PhaseStep> {
    let all =
        [Phase::Assess, Phase::Command, Phase::Investigate, Phase::Mitigate, Phase::Verify, Phase::Learn];
    all.into_iter()
        .map(|phase| PhaseStep {
            number: phase.number(),
            title: phase.title(),
            state: match phase.cmp(&i.phase) {
                std::cmp::Ordering::Less => "done",
                std::cmp::Ordering::Equal if i.closed_at.is_some() => "done",
                std::cmp::Ordering::Equal => "now",
                std::cmp::Ordering::Greater => "todo",
            },
        })
        .collect()
}

/// Every clock that runs, the next first. Agents that work at once are one line.
pub(super) fn clocks(i: &Incident, policy: &Policy, now: Timestamp) -> Vec<ClockView> {
    let mut all: Vec<(String, Timestamp)> = Vec::new();
    let mut agents: Vec<(String, Timestamp)> = Vec::new();
    for (key, due) in timers(i, policy) {
        let (kind, rest) = key.split_once(':').unwrap_or((&key, ""));
        let detail = rest.split(':').next().unwrap_or_default();
        match kind {
            "agent" => agents.push((rest.to_owned(), due)),
            _ => all.push((name(kind, detail, i), due)),
        }
    }
    if let Some(due) = agents.iter().map(|a| a.1).min() {
        let what = match agents.as_slice() {
            [(run, _)] => format!("Report of {run}"),
            many => format!("Reports of {} agents", many.len()),
        };
        all.push((what, due));
    }
    all.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    all.into_iter()
        .map(|(what, due)| {
            let left = words::between(now, due);
            ClockView { what, due, by: words::clock(due), left: words::span(left.abs()), late: left < 0 }
        })
        .collect()
}

/// What a timer waits for.
fn name(kind: &str, detail: &str, i: &Incident) -> String {
    let detail = words::title_case(detail);
    match kind {
        "phase" => format!("{} done", i.phase.title()),
        "resolve_by" => "Resolved".to_owned(),
        "soak" => "Soak ends".to_owned(),
        "look_again" => "Look again".to_owned(),
        "reassess" => "Severity measured again".to_owned(),
        "update" => format!("{detail} update"),
        "draft" => format!("{detail} draft ready"),
        "public_early" => "First status page post goes out".to_owned(),
        "rooms" => "Rooms archived".to_owned(),
        "update_late" => format!("{detail} update counts as late"),
        "untold" => format!("{detail} update taken by its channels, else somebody is called"),
        "ack" if detail.bytes().all(|b| b.is_ascii_digit()) => "Acknowledged, else escalated".to_owned(),
        "ack" => format!("{detail} acknowledges, else escalated"),
        "oncall" => "Next call, or next step".to_owned(),
        "uncommanded" => "Somebody in command, else escalated".to_owned(),
        "handover" => format!("{detail} handed over"),
        "unclear" => "Cause clear, else escalated".to_owned(),
        "escalate" => "Resolved, else escalated".to_owned(),
        "executives_again" => "Executives told again".to_owned(),
        "plan" => "Plan lapses".to_owned(),
        "postmortem" => "Postmortem".to_owned(),
        other => words::title_case(other),
    }
}

pub(super) fn times(times: &Times) -> Vec<(&'static str, String)> {
    [
        ("To detect", times.detect_s),
        ("To acknowledge", times.acknowledge_s),
        ("To first update", times.communication_latency_s),
        ("To mitigate", times.mitigate_s),
        ("To recover", times.recover_s),
        ("Customer impact", times.customer_impact_s),
    ]
    .into_iter()
    .filter_map(|(name, seconds)| Some((name, words::span(seconds?.round() as i64))))
    .collect()
}
