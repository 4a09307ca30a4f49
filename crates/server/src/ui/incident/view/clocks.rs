//! Phases, deadlines and measured times.

use firebell_core::incident::{Incident, Phase};
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

/// What is due, the next first.
pub(super) fn clocks(i: &Incident, now: Timestamp) -> Vec<ClockView> {
    let mut all: Vec<(String, Timestamp)> = Vec::new();
    if !i.status.is_over() {
        all.push((format!("{} done", i.phase.title()), i.phase_deadline));
        all.extend(i.resolve_by.map(|due| ("Resolved".to_owned(), due)));
        all.extend(i.soak_until.map(|due| ("Soak ends".to_owned(), due)));
        all.extend(i.look_again_at.map(|due| ("Look again".to_owned(), due)));
        for (audience, clock) in &i.clocks {
            let name = words::title_case(audience.as_str());
            all.extend(clock.due.map(|due| (format!("{name} update"), due)));
        }
    }
    if i.postmortem.is_none() && i.closed_at.is_none() {
        all.extend(i.postmortem_due.map(|due| ("Postmortem".to_owned(), due)));
    }
    all.sort_by_key(|a| a.1);
    all.into_iter()
        .map(|(what, due)| {
            let left = words::between(now, due);
            ClockView { what, due, left: words::span(left.abs()), late: left < 0 }
        })
        .collect()
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
