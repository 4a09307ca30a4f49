//! The causal path, and a check of each of its steps: is it in the order of time, is there a call that carries it.

use std::collections::BTreeSet;

use firebell_core::telemetry::Telemetry;
use firebell_core::verdict::Verdict;
use jiff::Timestamp;

use crate::text;

/// Clocks differ, and so do the steps at which series are sampled.
const SLACK_S: f64 = 15.0;

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Holds,
    Fails,
    Unknown,
}

/// One step, from who harms to who is harmed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) at: Option<Timestamp>,
    /// Seconds after the step before, or after the onset.
    pub(super) after_s: Option<f64>,
    pub(super) order: Check,
    pub(super) call: Check,
    pub(super) why: String,
    /// Ids of evidence.
    pub(super) ids: Vec<String>,
}

/// The leader's path.
pub(super) fn edges(v: &Verdict, t: &Telemetry) -> Vec<Edge> {
    let Some(leader) = v.hypotheses.first() else { return Vec::new() };
    if leader.path.is_empty() {
        return Vec::new();
    }
    let calls = calls(t);
    let mut before = v.onset;
    leader
        .path
        .iter()
        .map(|step| {
            let after_s = match (before, step.at) {
                (Some(a), Some(b)) => Some(b.duration_since(a).as_secs_f64()),
                _ => None,
            };
            before = step.at.or(before);
            let (from, to) = (last(&step.from), last(&step.to));
            let known = calls.contains(&(to.clone(), from.clone())) || calls.contains(&(from, to));
            Edge {
                from: text::line(&step.from, 80),
                to: text::line(&step.to, 80),
                at: step.at,
                after_s,
                order: match after_s {
                    Some(s) if s >= -SLACK_S => Check::Holds,
                    Some(_) => Check::Fails,
                    None => Check::Unknown,
                },
                call: if known { Check::Holds } else { Check::Unknown },
                why: text::line(&step.why, 200),
                ids: step.evidence.clone(),
            }
        })
        .collect()
}

/// Who calls whom, by names without kinds: as topology and spans say.
pub(super) fn calls(t: &Telemetry) -> BTreeSet<(String, String)> {
    let mut out: BTreeSet<(String, String)> =
        t.topology.iter().map(|e| (last(&e.caller), last(&e.callee))).collect();
    let owners: std::collections::BTreeMap<(&str, &str), &str> =
        t.spans.iter().map(|s| ((s.trace_id.as_str(), s.span_id.as_str()), s.component.as_str())).collect();
    for s in &t.spans {
        let parent = s.parent_id.as_deref().and_then(|p| owners.get(&(s.trace_id.as_str(), p)));
        if let Some(parent) = parent.filter(|p| last(p) != last(&s.component)) {
            out.insert((last(parent), last(&s.component)));
        }
        if let Some(peer) = s.attributes.get("peer.service").filter(|p| last(p) != last(&s.component)) {
            out.insert((last(&s.component), last(peer)));
        }
    }
    for s in &t.series {
        let owner = s
            .component
            .as_ref()
            .or_else(|| ["component", "service", "app"].iter().find_map(|l| s.labels.get(*l)));
        let peer = s.labels.get("peer").or_else(|| s.labels.get("peer_service"));
        if let (Some(owner), Some(peer)) = (owner, peer) {
            out.insert((last(owner), last(peer)));
        }
    }
    out
}

/// A component's name without its kind.
pub(super) fn last(id: &str) -> String {
    id.rsplit('/').next().unwrap_or(id).to_owned()
}
