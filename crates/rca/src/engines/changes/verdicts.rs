//! From judgements to signals: who is blamed, who is rejected and why, which mechanism was brought by whom.

use std::collections::BTreeSet;

use firebell_core::change::{Change, ChangeKind};

use super::effect::Effect;
use super::judge::{self, Judged, LEAST};
use super::ledger::Candidate;
use super::timing;
use crate::case::Case;
use crate::evidence::Cite;
use crate::signal::{Modality, Role, Signal};

/// A rival has at least this share of the best one's weight.
const RIVAL: f64 = 0.5;

/// Harm that a component may receive from what it calls.
const RECEIVED: [&str; 7] = [
    "saturation.queue",
    "saturation.threads",
    "code.exception",
    "code.slow_path",
    "dependency.errors",
    "dependency.unavailable",
    "data.schema_mismatch",
];

/// The strongest harm at a component.
fn harm(seen: &[Signal], component: &str) -> f64 {
    seen.iter()
        .filter(|s| s.role != Role::Against && s.component == component)
        .map(|s| s.weight)
        .fold(0.0, f64::max)
}

pub(super) fn signals(
    case: &Case<'_>,
    seen: &[Signal],
    mut judged: Vec<(&Candidate<'_>, Judged)>,
) -> Vec<Signal> {
    weigh_against_each_other(seen, &mut judged);
    // Best first; then those that people would ask about: deployed, near the onset.
    judged.sort_by(|(a, x), (b, y)| {
        y.weight
            .total_cmp(&x.weight)
            .then_with(|| b.deployed.cmp(&a.deployed))
            .then_with(|| {
                let apart = |j: &Judged| (case.frame.onset - j.at).abs();
                apart(x).cmp(&apart(y))
            })
            .then_with(|| a.key.cmp(&b.key))
    });
    let mut out = Vec::new();
    if judged.iter().all(|(_, j)| j.rejected || !j.known)
        && let Some((s, weight)) = judge::outside(seen).filter(|(s, _)| s.role == Role::Symptom)
    {
        // Where no change explains the harm, a third party that errors name is more than a rumour.
        out.push(Signal { role: Role::Mechanism, weight, ..s.clone() });
    }
    let mut attached: BTreeSet<String> = BTreeSet::new();
    for (c, j) in &judged {
        if j.component.is_empty() {
            continue;
        }
        let what = what(c);
        let blamed = !j.rejected;
        let reading = if blamed { blame(case, &what, j) } else { format!("{what}: {}", j.why) };
        let (role, weight) = if blamed { (Role::Mechanism, j.weight) } else { (Role::Against, 0.3) };
        out.push(signal(c, &j.component, cause_of(c.shown), role, weight, j.at, reading.clone()));
        if blamed && attached.insert(j.component.clone()) {
            brought(case, seen, c, j, &reading, &mut out);
        }
    }
    out
}

/// A change that explains the symptom by what it did takes away from those of which only time and place are known, and
/// so does a failure from outside.
fn weigh_against_each_other(seen: &[Signal], judged: &mut [(&Candidate<'_>, Judged)]) {
    let best = judged
        .iter()
        .filter(|(_, j)| j.known && !j.rejected)
        .max_by(|(a, x), (b, y)| x.weight.total_cmp(&y.weight).then_with(|| b.key.cmp(&a.key)))
        .map(|(c, j)| (c.key.clone(), j.weight, what(c)));
    let outside = judge::outside(seen);
    for (c, j) in judged.iter_mut().filter(|(_, j)| !j.rejected) {
        if let Some((key, weight, other)) = &best
            && c.key != *key
        {
            if !j.known {
                j.weight *= 1.0 - 0.8 * weight;
            }
            if j.weight < RIVAL * weight {
                (j.rejected, j.why) =
                    (true, format!("{other} explains the symptom by what it does, this one does not"));
            }
        }
        if let Some((s, weight)) = outside
            && !j.known
        {
            j.weight *= 1.0 - 0.8 * weight;
            if j.weight < LEAST {
                let why = format!(
                    "nothing is known of it that explains {} at {}, which does without it",
                    s.cause, s.component
                );
                (j.rejected, j.why) = (true, why);
            }
        }
        if j.rejected {
            j.weight = 0.0;
        }
    }
}

/// The mechanisms that a change brought, at its component; and what at the called sides is the load that it makes.
fn brought(
    case: &Case<'_>,
    seen: &[Signal],
    c: &Candidate<'_>,
    j: &Judged,
    reading: &str,
    out: &mut Vec<Signal>,
) {
    let (below, above) = (case.graph.downstream(&j.component), case.graph.upstream(&j.component));
    // A change that is well at its own place, and whose callers choke on what it sends.
    let sends = j.known && j.weight > 0.55 && !j.below && harm(seen, &j.component) < 0.2;
    let mut done: BTreeSet<(&str, &str)> = BTreeSet::new();
    for s in
        seen.iter().filter(|s| s.role != Role::Against && s.weight > 0.2 && !s.cause.starts_with("change."))
    {
        let effects = Effect::of_cause(s.cause);
        let fits = effects.iter().any(|e| j.effects.contains(e));
        let load = effects.iter().any(|e| j.brings.contains(e));
        if j.below && below.contains_key(&s.component) && (load || s.role == Role::Symptom) {
            if done.insert((&s.component, s.cause)) {
                let reading = format!("its load comes from {}: {reading}", j.component);
                out.push(signal(c, &s.component, s.cause, Role::Against, 0.6, j.at, reading));
            }
            continue;
        }
        if sends && above.contains_key(&s.component) && RECEIVED.contains(&s.cause) {
            if done.insert((&s.component, s.cause)) {
                let reading = format!("it receives this from {}: {reading}", j.component);
                out.push(signal(c, &s.component, s.cause, Role::Against, 0.4, j.at, reading));
            }
            continue;
        }
        if s.component != j.component || s.role != Role::Mechanism {
            continue;
        }
        // What is not known of a change may be whatever code can do wrong, but no attack and nobody else's failure.
        let code = !["security.", "dependency.", "network."].iter().any(|p| s.cause.starts_with(p))
            && s.cause != "code.memory_leak";
        if ((j.known && fits) || (j.effects.is_empty() && code && j.weight > 0.3))
            && done.insert((&s.component, s.cause))
        {
            out.push(signal(
                c,
                &s.component,
                s.cause,
                Role::Mechanism,
                0.5 * j.weight,
                j.at,
                reading.to_owned(),
            ));
        }
    }
}

fn signal(
    c: &Candidate<'_>,
    component: &str,
    cause: &'static str,
    role: Role,
    weight: f64,
    at: i64,
    reading: String,
) -> Signal {
    Signal {
        component: component.to_owned(),
        cause,
        modality: Modality::Changes,
        role,
        weight,
        onset: Some(at),
        indicator: None,
        change: Some(c.key.clone()),
        cite: Cite::new(c.shown.source.as_deref().unwrap_or("changes"), format!("change {}", c.key)),
        reading,
    }
}

fn blame(case: &Case<'_>, what: &str, j: &Judged) -> String {
    let age = case.frame.onset - j.at;
    let when =
        if age > 0 { format!("{} before the onset", timing::spell(age)) } else { "at the onset".to_owned() };
    let mut out = format!("{what} went live at {} {when}", j.component);
    if !j.did.is_empty() {
        out.push_str(&format!("; it {}", j.did));
    }
    if !j.why.is_empty() {
        out.push_str(&format!("; {}", j.why));
    }
    out
}

/// A change for people.
fn what(c: &Candidate<'_>) -> String {
    let place =
        if c.shown.component.is_empty() { String::new() } else { format!(" of {}", c.shown.component) };
    format!("{}{place} ({})", c.shown.kind.as_str(), c.shown.summary.chars().take(80).collect::<String>())
}

fn cause_of(change: &Change) -> &'static str {
    match change.kind {
        ChangeKind::Deploy | ChangeKind::Commit => "change.release",
        ChangeKind::Config | ChangeKind::Certificate | ChangeKind::Schedule => "change.config",
        ChangeKind::Flag => "change.flag",
        ChangeKind::Migration => "change.migration",
        ChangeKind::Scale | ChangeKind::Node => "change.infrastructure",
    }
}
